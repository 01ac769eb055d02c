"""Dashboards as Grafana writes them: read, brought up to date, asked of their data sources, and made ready to draw."""
