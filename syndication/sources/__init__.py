"""Reads the newsroom's own system (WordPress, Ghost, its own tables, a feed) and keeps the store in step with it.

``reader``   what every kind of source can tell of itself: the interface between a kind and everything else.
``http``     one bounded request to a stranger or the CMS; ``public_addresses`` decides what it may connect to.
"""
