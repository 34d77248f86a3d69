"""Portal: the front door: accounts, API keys, tokens."""
