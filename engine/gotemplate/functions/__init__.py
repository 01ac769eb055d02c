"""Tables of the functions that templates may call, one a file: Go's own, Prometheus's, Alertmanager's."""
