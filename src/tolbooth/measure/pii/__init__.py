"""PII in columns of data: the reference in plain Python, its mergeable summary, and what is concluded for a column."""
