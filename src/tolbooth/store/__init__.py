"""The log's storage, its projections and the blobs; the only package that speaks SQL."""
