"""Rules replayed over stored history: when each alert would have been pending and firing."""
