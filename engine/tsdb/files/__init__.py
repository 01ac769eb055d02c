"""Sealed samples on disk: how a file of parts is laid out, written and read."""
