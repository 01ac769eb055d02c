"""Pipeline stages, one a file: what its configuration may say, and what it does to a line."""
