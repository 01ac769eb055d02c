"""The probers, one a file."""
