"""A real application that counts its requests with prometheus_client: `python backend_api.py PORT`."""

import sys
import time

from prometheus_client import Counter, start_http_server

requests = Counter("http_requests", "Total HTTP requests", ["method", "endpoint", "status"])

start_http_server(int(sys.argv[1]), addr="127.0.0.1")
while True:
    requests.labels("GET", "/", "200").inc()
    time.sleep(0.1)
