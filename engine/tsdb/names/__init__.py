"""Which series there are: their numbers, labels, and how matchers find them."""
