"""Collectors of what can be touched: sensors, power, the board."""
