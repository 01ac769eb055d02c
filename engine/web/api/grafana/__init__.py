"""Grafana's HTTP API, and the one that the page draws dashboards from."""
