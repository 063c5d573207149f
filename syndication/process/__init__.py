"""Processes of our own: a child that works under limits and dies with its parent. It knows nothing of the work."""
