"""In a browser: every page looked at, and the whole loop done by clicking."""
