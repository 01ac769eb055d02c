"""Loki's file: what of it takes effect, and what is known besides."""
