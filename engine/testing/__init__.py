"""Tools for tests: the manual clock and the inline workers."""
