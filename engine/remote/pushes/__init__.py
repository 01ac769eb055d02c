"""Metrics that are pushed, group by group, as to a Pushgateway."""
