"""The components: each owns what runs of it, and where it has a configuration of its own, follows that."""
