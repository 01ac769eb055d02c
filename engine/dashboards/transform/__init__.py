"""Transformations: from frames to frames, one table."""
