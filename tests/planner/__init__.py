"""Planner, under test."""
