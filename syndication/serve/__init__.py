"""The hot path: documents in memory and one pure answer function, which ``web`` calls.

A poll touches no database, renders nothing and compresses nothing. This room imports
the values of ``model`` and the standard library, and nothing else.
"""
