"""Data sources: a Prometheus of this process or elsewhere, a Loki; one Protocol for all."""
