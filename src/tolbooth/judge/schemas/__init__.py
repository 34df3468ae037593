"""JSON Schemas of what the judge reads. Data only."""
