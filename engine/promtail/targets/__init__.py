"""Where lines come from, one kind a file."""
