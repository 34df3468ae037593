"""Proof that rules are tested: their tests run, line coverage, and mutants that a test must notice."""
