"""Maximum lengths of lists (items) and texts (characters), for input and for rows read from the database.

Each is several times what newsrooms use: it stops mistakes and attacks, not work.
"""

MAX_TITLE = 2_000
"""Characters: the longest headlines have 300."""

MAX_URL = 4_000
"""Characters: browsers and proxies do not handle longer URLs reliably. Also for ``guid``, which is often a URL."""

MAX_NAME = 500
"""Characters of an author's name or email address: RFC 5321 section 4.5.3.1 allows 320 for an address."""

MAX_AUTHOR_ID = 200
"""Characters of an author's id: slugs, numbers and UUIDs of other systems have fewer."""

MAX_SLUG = 1000
"""Characters: a slug may be derived from an id, and can be longer than the id."""

MAX_SUMMARY = 100_000
"""Characters: some fifteen thousand words; a longer text is a body and belongs in ``html``."""

MAX_CAPTION = 10_000
"""Characters of a caption, credit, alt text or correction: a page and a half of print."""

MAX_TAG = 500
"""Characters: a tag is a word or a name."""

MAX_LANGUAGE = 100
"""Characters: RFC 5646 section 4.4.1 recommends at least 35."""

MAX_MEDIA_TYPE = 500
"""Characters: RFC 6838 section 4.2 allows type and subtype 127 each; parameters follow."""

MAX_HTML = 16 * 1024 * 1024
"""Characters, for any feed. Real long reads and data tables reach 8 MB; sanitizing twice as much takes some 600 MB of
memory. The limit on the request body usually applies first."""

MAX_TAGS = 500
"""Items: archives that tag each person and place in a long read reach a hundred."""

MAX_AUTHORS = 200
"""Items: the longest bylines, in joint investigations, name a hundred authors."""

MAX_SECTIONS = 200
"""Items: most articles are in a handful of sections."""

MAX_ENCLOSURES = 200
"""Items: a podcast has one, a set of documents a few dozen."""

MAX_PREVIEW_CHANGES = 20
"""Items: each may be a whole article, and a worker renders them all for one user."""

MAX_BATCH_ARTICLES = 1_000
"""Items: a larger batch would block SQLite's single writer for too long, and sending several batches costs nothing."""

MAX_BATCH_VALUES = 20_000
"""Tags, authors, sections and enclosures of all articles in a batch together: each is a row, and each section of an
article queues a change. A thousand articles with twenty each fit."""

MAX_REGENERATION_SECTIONS = 1_000
"""Items: a newsroom with more sections can use ``all_sections``."""

MAX_WITHDRAWALS = 200
"""Items: as many as a page of a list or a feed shows."""

MAX_SCOPES = 10
"""Items: there are six scopes."""

MAX_REASON = 500
"""Characters of the reason for a request."""

MAX_REFERENCE = 200
"""Characters of the id or name of a token, user, preview or regeneration: existing ones have at most 100."""

MAX_CURSOR = 2_800
"""Characters of a pagination cursor, which contains an encoded article id."""

MAX_QUERY_TEXT = 500
"""Characters of a list filter: as many as an article id."""

MAX_ERRORS_LISTED = 20
"""Errors listed in a response; the rest are only counted."""

MAX_FEED_HTML = 32 * 1024 * 1024
"""Bytes of all article bodies in one feed: its documents, and the memory to render them, are several times as large.
So no article may be larger either, whatever ``editors.largest_article_mb`` is."""
