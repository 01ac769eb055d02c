"""The values of the language: labels, matchers, durations, panels, grids, results."""
