"""The HTTP API of Loki: shapes, texts and statuses are those of 2.7.4, with what later releases added."""
