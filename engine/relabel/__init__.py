"""Relabelling: label sets in, label sets out."""
