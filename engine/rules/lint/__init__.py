"""What is right in a rule, and yet hardly meant."""
