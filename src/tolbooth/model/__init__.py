"""The nouns of Tolbooth and their laws. Standard library only.

A type lives here only if two steps of the way use it; types of one step stay in that step.
"""
