"""Notify: what reaches people, by which channel, exactly once."""
