"""Sends what waits in the database to other people's addresses: one engine for pushes, pings, purges, notifications.

``queue``   what the engine asks of each kind of work.
``engine``  the worker's thread that takes work, attempts it, many at once, and records what it came to.
``client``  sends one bounded request over http or https to an address that was checked.

The rows are the state (``store/tables/attempts.py``): they have leases, so any number of workers share the work, and
what a killed one had taken is attempted by another.
"""
