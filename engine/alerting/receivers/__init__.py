"""Receivers, one a file: configuration and delivery side by side."""
