"""The node exporter: one collector a file."""
