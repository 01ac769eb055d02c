"""Dashboards as files: who provides them, what is in them, and how they are saved."""
