"""Rego engines. The embedded one always runs in a worker process of its own."""
