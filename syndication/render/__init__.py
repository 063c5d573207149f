"""Renders a Feed to the bytes of Atom, RSS and JSON Feed.

Pure: no clock, randomness, locale or database. The same Feed renders to the same bytes in any process. feedgen sets the
process's locale while it writes dates, so only one thread may render.
"""

RENDER_REVISION = 6
"""Raised whenever the same Feed renders to different bytes than before, so that every section is regenerated."""
