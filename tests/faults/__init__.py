"""Faults: things are killed, cut off and lost while people write; then everything is counted."""
