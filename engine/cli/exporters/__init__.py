"""Exporters alone."""
