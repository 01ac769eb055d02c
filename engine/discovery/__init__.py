"""Where targets come from; one source a file."""
