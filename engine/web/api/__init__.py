"""The HTTP APIs, one original a file."""
