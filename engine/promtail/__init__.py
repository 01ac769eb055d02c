"""Promtail: finds files and other sources of lines, follows them, runs stages over them, sends them on."""
