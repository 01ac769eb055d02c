"""What is written as it comes: the log of samples, the names of series, deletions."""
