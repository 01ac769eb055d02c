"""What happens to each line: parsers, conditions, formats."""
