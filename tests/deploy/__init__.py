"""Tests of deploy: real servers, real processes, real signals."""
