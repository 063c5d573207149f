"""What was read of other systems, and how each source is doing."""
