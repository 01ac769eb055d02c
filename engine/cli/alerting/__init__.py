"""Commands about alerts, silences, routes and receivers; of ours, or of a real Alertmanager."""
