"""Samples from and for other servers, by Prometheus's remote write."""
