"""Label sets by number, and which of them match: for the store of samples and that of lines."""
