"""Lines found by searching the text of whole blocks."""
