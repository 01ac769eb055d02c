"""Collectors of the system itself: CPUs, memory, load, time, names."""
