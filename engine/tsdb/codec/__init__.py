"""Numbers to bytes and back: nothing else knows how sealed samples are encoded."""
