"""The store: series kept the way they were scraped, as tables of columns over shared instants."""
