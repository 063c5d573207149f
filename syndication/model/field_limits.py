"""The most that each list and each text may hold, in items and characters: of input, and of rows that are read.

Each is several times what a newsroom uses, so that it stops mistakes and attacks, and nobody's work.
"""

MAX_TITLE = 2_000
"""Characters: the longest headlines have 300."""

MAX_URL = 4_000
"""Characters: browsers and proxies take no longer address reliably. Also for a ``guid``, which often is one."""

MAX_NAME = 500
"""Characters of an author's name or mail address: RFC 5321 section 4.5.3.1 allows 320 for the latter."""

MAX_SLUG = 1000
"""Characters: a slug is made of an id, which may become longer by it."""

MAX_SUMMARY = 100_000
"""Characters: some fifteen thousand words; a longer text is a body, and belongs into ``html``."""

MAX_CAPTION = 10_000
"""Characters of a caption, a credit, an alternative text or a correction: a page and a half of print."""

MAX_TAG = 500
"""Characters: a tag is a word or a name."""

MAX_LANGUAGE = 100
"""Characters: RFC 5646 section 4.4.1 wants room for 35."""

MAX_MEDIA_TYPE = 500
"""Characters: RFC 6838 section 4.2 gives type and subtype 127 each; parameters follow."""

MAX_HTML = 16 * 1024 * 1024
"""Characters, of which no feed takes more. Long reads and data tables of 8 MB are real; twice as much takes some 600 MB
while it is sanitized. The limit of the request's body comes first as a rule."""

MAX_TAGS = 500
"""Items: archives that tag each person and place in a long read come to a hundred."""

MAX_AUTHORS = 200
"""Items: the longest bylines of joint investigations name a hundred."""

MAX_SECTIONS = 200
"""Items: an article is filed under a handful."""

MAX_ENCLOSURES = 200
"""Items: a podcast has one, a dossier of documents some dozens."""

MAX_PREVIEW_CHANGES = 20
"""Items: each may hold a whole article, and a worker renders all of them for one person."""

MAX_BATCH_ARTICLES = 1_000
"""Items: more would hold the one writer of SQLite for too long, and one batch follows another at no cost."""

MAX_BATCH_VALUES = 20_000
"""Tags, authors, sections and enclosures of all articles of a batch together: each is a row, and each section of an
article is a change that workers read. A thousand articles with twenty of them each fit."""

MAX_REGENERATION_SECTIONS = 1_000
"""Items: a newsroom with more sections asks for all of them."""

MAX_SCOPES = 10
"""Items: there are five scopes."""

MAX_REASON = 500
"""Characters of why something was requested."""

MAX_REFERENCE = 200
"""Characters of the id or name of a token, user, preview or regeneration: those that exist have up to 100."""

MAX_CURSOR = 4_000
"""Characters of where a page begins: it holds an article's id, encoded."""

MAX_QUERY_TEXT = 500
"""Characters of what a list is filtered by: as many as an article's id has."""

MAX_ERRORS_LISTED = 20
"""Errors listed one by one; the rest is counted. Nobody mends more than that before the next attempt."""

MAX_FEED_HTML = 32 * 1024 * 1024
"""Bytes of all bodies in one feed: its documents, and the memory to render them, are several times as large. So no
article has more either, whatever ``editors.largest_article_mb`` is."""
