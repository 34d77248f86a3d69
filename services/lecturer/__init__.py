"""Lecturer: pools, appointments, availability, offers, assignments, presence."""
