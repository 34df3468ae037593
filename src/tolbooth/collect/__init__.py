"""Read facts about a release from where they are: one file per source. It reads; it never judges."""
