"""The gate: one pure function from rule results and people's words to a decision, and its reasons."""
