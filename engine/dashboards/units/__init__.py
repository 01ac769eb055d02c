"""Units: how a number is written for people."""
