"""Statements, envelopes, log algebra, the pack's format and its verification: bytes in, values out.

No keys on disk, no sockets, no policy engine.
"""
