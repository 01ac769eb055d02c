"""Commands that ask for samples and lines."""
