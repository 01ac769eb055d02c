"""Trees turned into plans: what to fetch, what to compute once."""
