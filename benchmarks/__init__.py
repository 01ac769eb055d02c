"""Claims, measured: one file a claim, each beside the original program in the same run."""
