"""Exporters: a machine turned into metric families; formats parsed and rendered."""
