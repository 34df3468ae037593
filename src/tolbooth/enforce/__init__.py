"""Where releases happen: one file for each place. It writes what a place obeys, and nothing that a rule decides."""
