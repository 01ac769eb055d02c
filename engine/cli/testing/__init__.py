"""Rules tried out: unit tests, and replays over history."""
