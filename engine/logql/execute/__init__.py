"""Queries over a source of lines. Runs in worker threads; knows no clock: `pause` is called often, and may raise."""
