"""A back end for maintenance records: something to watch."""
