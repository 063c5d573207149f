"""Readers that poll all the time and forget nothing."""
