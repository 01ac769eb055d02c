"""A monitoring stack in one process: scrape, store, query, alert, notify."""
