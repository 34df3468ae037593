"""JSON Schemas of what the adapters hand out."""
