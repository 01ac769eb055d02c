"""The blackbox exporter: asks others over HTTP, TCP, ICMP, DNS or gRPC, and says how that went."""
