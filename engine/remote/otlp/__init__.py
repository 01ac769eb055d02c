"""Metrics of OpenTelemetry, as series of ours."""
