"""Turn data into numbers: counts that merge exactly, and the pure functions that assess them."""
