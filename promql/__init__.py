"""PromQL: grammar, plan and vectorised evaluation. No storage, no I/O."""
