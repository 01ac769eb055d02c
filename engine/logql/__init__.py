"""LogQL: the language of log queries. It knows no storage: `lines` says what a store hands over."""
