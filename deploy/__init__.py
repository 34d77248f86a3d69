"""Deploy: everything that starts, feeds and watches a stack. It knows the rooms by name only."""
