"""Dashboards of all schemas since 12, brought to the one that is read here."""
