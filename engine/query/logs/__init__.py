"""The front of log queries: text in, lines or values out, within a tenant's limits."""
