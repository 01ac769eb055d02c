"""Groups of alerts, their turns, and the stages between a turn and the receivers."""
