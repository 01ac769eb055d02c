"""From alerts to notifications: routes, groups, inhibition, silences, journal, receivers."""
