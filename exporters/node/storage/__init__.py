"""Collectors of what keeps data: disks, arrays, tapes, file systems."""
