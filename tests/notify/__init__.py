"""Notify: its tests."""
