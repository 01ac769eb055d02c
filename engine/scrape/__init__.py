"""From a target to a batch: fetch, parse, relabel, append."""
