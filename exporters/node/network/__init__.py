"""Collectors of the network: devices, protocols, and file systems that come over it."""
