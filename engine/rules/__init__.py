"""Recording and alerting rules on their beat."""
