"""A Feed becomes the bytes of Atom, RSS and JSON Feed.

Pure: no clock, no randomness, no locale, no database. The same Feed gives the same bytes in any process.
feedgen sets the process's locale while it writes dates, so that one thread alone may render.
"""

RENDER_REVISION = 2
"""Rises whenever the same Feed renders to other bytes than before, so that every section is regenerated."""
