"""Text to checked tree, and back."""
