"""The hot path: documents in memory and one pure function, ``respond``, which ``web`` calls.

A poll touches no database, renders nothing and compresses nothing. This package imports only ``model`` and the
standard library.
"""
