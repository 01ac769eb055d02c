"""Following files: which there are, which one a name means now, how far each was read."""
