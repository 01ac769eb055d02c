"""The query front: text in, results out, within limits."""
