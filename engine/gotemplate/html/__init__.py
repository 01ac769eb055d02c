"""Go's html/template: every value is escaped for the place in the page where it stands."""
