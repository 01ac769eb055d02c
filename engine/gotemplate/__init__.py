"""Go's template language, text and HTML, as a small pure interpreter."""
