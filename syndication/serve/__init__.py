"""The hot path: documents in memory, one pure answer function, and its two callers.

A poll touches no database, renders nothing and compresses nothing. This room never imports render,
feedgen or APScheduler.
"""
