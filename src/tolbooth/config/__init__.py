"""What the user wrote: ``tolbooth.yaml`` and the environment, parsed once at the edge into frozen types."""
