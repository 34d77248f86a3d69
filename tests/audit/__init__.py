"""The audit: what it proves, and that it sees what was planted."""
