"""What is done with a store that no engine uses: figures, checks, text out and text in."""
