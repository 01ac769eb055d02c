"""Loki: the store of log lines, what is pushed to it and refused by it."""
