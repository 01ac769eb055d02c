"""HTTP: the APIs of the originals, to the letter."""
