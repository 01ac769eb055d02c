"""Variables of a dashboard: their options, what is chosen, and what their names stand for in texts."""
