"""Tolbooth: the gate, the review board and the evidence room for machine-learning releases."""

__version__ = "0.1.0"
