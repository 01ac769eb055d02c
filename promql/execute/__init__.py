"""Plans run over panels, all steps at once."""
