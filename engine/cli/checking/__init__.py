"""Commands that judge files."""
