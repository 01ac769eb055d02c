"""Where lines go: the store of this process, other Lokis, or both."""
