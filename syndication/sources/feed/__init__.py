"""Reads a feed (RSS, Atom, JSON Feed) that another system publishes, and asks for it no more often than it likes.

``reader``    one look: whether to ask now, what the answer means, how long to wait then.
``client``    asks for the feed, and reads the answer with the importing parser.
``look``      what one look found.
``bookmark``  what the next look has to know, as JSON: it survives a restart.
``pauses``    how long to wait after an answer or a failure; pure.
``sections``  which sections the categories of an entry lead to; pure.
``stories``   entries of the feed, as the articles that they become; pure.
``missing``   which entries were taken out of the middle of the feed; pure.
``document``  the bytes of an answer, in a form that the parser of ``importing`` understands.

It has no parser of its own, and never takes an entry for deleted because the feed no longer shows it.
"""
