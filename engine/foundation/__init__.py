"""What everything else rests on: errors, clock, tasks, workers, decoding, regular expressions, network."""
