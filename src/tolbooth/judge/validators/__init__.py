"""Rules that are programs: Python functions and anything that reads and writes JSON, each in a process of its own."""
