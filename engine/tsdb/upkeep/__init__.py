"""What is done to a store besides writing and reading: opening, sealing, compaction, deletion, snapshots."""
