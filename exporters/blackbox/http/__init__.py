"""HTTP as probes speak it: each step is timed, whichever version it is."""
