"""Frozen values and fixed rules that every room may use; it imports nothing else of ours, and does no work."""
