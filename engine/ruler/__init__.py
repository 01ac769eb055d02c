"""Loki's ruler: rules over lines, evaluated as those over metrics are."""
