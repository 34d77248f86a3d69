"""Random events: simulated people over the real API of one town, until every move has occurred."""
