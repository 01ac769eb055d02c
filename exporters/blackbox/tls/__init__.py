"""TLS of probes, and what certificates say."""
