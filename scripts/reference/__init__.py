"""Makes the reference pages in ``docs/`` from what the product says of itself; a developer's tool, not shipped."""
