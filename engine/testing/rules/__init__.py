"""Unit tests of rules: promtool's format, run in memory on a clock that stands still between turns."""
