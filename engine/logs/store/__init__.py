"""Lines on disk: logged when they come, sealed in bulk, found by labels and time."""
