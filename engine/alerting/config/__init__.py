"""Alertmanager's configuration: the whole file as it is written, and what becomes of it."""
