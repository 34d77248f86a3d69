"""Planner: who teaches which lesson and when, computed from what it is given; it owns nothing."""
