"""What is pushed: read from each format, judged in the original's words, and handed to the store."""
