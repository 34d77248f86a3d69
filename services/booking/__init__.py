"""Booking: schools, letters, lessons, changes, places, attestation."""
