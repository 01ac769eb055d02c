"""Frames: what a query answers as columns of equal length, and what is done with them before they are drawn."""
