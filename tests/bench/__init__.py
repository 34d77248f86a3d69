"""Bench: what the design promises, measured on this machine."""
