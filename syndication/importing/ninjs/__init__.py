"""Reads ninjs, IPTC's news in JSON: versions 1.x, 2.x and 3.x, and what Superdesk makes of 1.x. Pure.

``shapes``     the two shapes of an item, as pydantic models
``item``       an item of either shape as one value
``media``      which rendition of a picture, a sound or a film is shown
``versions``   which of two versions of an item is newer
``rules``      what the newsroom decides: addresses, sections, notes
``article``    an item as an article
``signature``  Superdesk's signature of a request
"""
