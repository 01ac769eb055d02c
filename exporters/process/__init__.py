"""Processes: the one that answers, and others by name or number."""
