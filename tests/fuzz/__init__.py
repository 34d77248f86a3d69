"""Fuzzing: every operation of every OpenAPI document, called as every role with real ids."""
