"""Readers that poll continuously and record everything."""
