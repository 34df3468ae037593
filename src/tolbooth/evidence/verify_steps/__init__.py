"""The numbered steps of ``verify``, one module each, in the order in which they run."""
