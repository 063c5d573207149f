"""Frozen values and fixed rules that every room may import; imports only ``errors`` and has no side effects."""
