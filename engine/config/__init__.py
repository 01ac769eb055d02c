"""Configuration files as typed values, checked whole."""
