"""LogQL's text, its tree, and back."""
