"""Frozen values and fixed rules that every room may use; of ours it imports ``errors`` alone, and it does no work."""
