"""What outlives a configuration and a restart: alerts, silences, the journal, the trail."""
