"""From the series that a query wants to panels: what parts, open rows and newest instants have of them."""
