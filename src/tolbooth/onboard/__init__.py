"""The first hour: ``init`` writes the settings for what is there; ``demo`` walks the whole way on real data."""
