"""Decisions over values: which route hears of an alert, what inhibits it, and when a route is mute."""
