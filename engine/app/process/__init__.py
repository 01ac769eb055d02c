"""One run as a process: signals, what is told at the terminal and on the desktop, the folder that is held."""
