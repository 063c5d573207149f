"""Reads WordPress: found by the database, rendered by its REST API; or by the REST API alone.

It writes nothing there, never asks a change time what has changed, and leaves block markup, shortcodes and paywalls to
WordPress, because only WordPress knows what of a text is public.
"""
