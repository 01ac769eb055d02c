"""The store of log lines, what is pushed into it, and how long it is kept."""
