"""An engine from the command line: what it runs, and its life behind the terminal."""
