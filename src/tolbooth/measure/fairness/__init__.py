"""Fairness and performance of binary predictions: counts by group, rates, questions and their assessment."""
