"""The exposition formats: families, text 0.0.4, OpenMetrics."""
