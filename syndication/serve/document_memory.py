"""The documents that a web process keeps in memory, within a budget in bytes.

Documents that are polled stay; when the budget is used up, one that nobody has polled for a while makes room (CLOCK:
each document has one mark, set by a poll, and a hand that goes round takes the mark first and the document next time).
Readers take no lock: a change of a section's documents is one operation of a dict.
"""

import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from syndication.model.compression import COMPRESSORS
from syndication.model.feed_addresses import wsgi_path
from syndication.model.values import FORMATS
from syndication.serve.prepared import (
    CountedResponse,
    EncodedDocument,
    PreparedDocument,
    ResponseKey,
    Responses,
    prepare_coding,
)

OVERHEAD = 6_000
"""Bytes of a document in memory besides its bodies, most of them lists of headers; a test measures it. Remembered
responses and encoded headers come on top, and are bounded by their number over all documents."""

MAX_CACHED_RESPONSES = 16_384
"""How many responses all documents remember together: their keys contain headers, which are untrusted input."""

WANTED_AGAIN = 2
"""A coding that is not stored is made when so many requests wanted it: one client that never returns costs nothing."""

UNLIMITED = 1 << 62


class DocumentMemory:
    """Documents by path, and the published version of every section, whether its documents are in memory or not.

    One lock for all who change it. A section's version never goes back, so that no poll gets an older one than an
    earlier poll got; only ``go_back`` says that the database itself went back.
    """

    def __init__(self, budget: int = UNLIMITED) -> None:
        self.budget = budget
        self.by_path: dict[str, PreparedDocument] = {}
        self.versions: dict[str, int] = {}
        """The published version by section, configured or not."""
        self.size = 0
        """Bytes of the bodies in memory."""
        self.modified: dict[str, float] = {}
        """Last-Modified by section, in seconds since 1970, also of sections whose documents have made room."""
        self.generation = object()
        """Another object after each change of what is published: what was made of the documents has its own."""
        self.moves = False
        """Whether the cache time of a document that was in memory follows its feed's cadence."""
        self.evicted = 0
        """How many documents made room for others."""
        self.to_compress: deque[tuple[PreparedDocument, str]] = deque()
        """Codings that were wanted again."""
        self._ring: deque[str] = deque()
        self._remembering: list[Responses] = []
        self._remembered = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes used of the budget."""
        return self.size + OVERHEAD * len(self.by_path)

    @property
    def has_room(self) -> bool:
        """Whether documents that nobody has polled yet may be kept too."""
        return self.used < self.budget * 3 // 4

    def holds(self, section: str) -> bool:
        """Returns whether a document of the section is in memory."""
        return any(path in self.by_path for path in paths(section))

    def compare(self, stored: Mapping[str, int]) -> list[str]:
        """Returns the sections whose version in memory is another than the stored one."""
        found = {slug for slug, version in stored.items() if self.versions.get(slug) != version}
        held = list(self.by_path.values())
        return sorted(found | {d.section for d in held if stored.get(d.section, d.version) != d.version})

    def publish(self, versions: Mapping[str, int], documents: Collection[PreparedDocument] = ()) -> None:
        """Records published versions, with documents of them; other documents of older versions are forgotten.

        What is older than what is known counts as read earlier: a poll may have read a later version meanwhile.
        """
        with self._lock:
            self.generation = object()
            later = {slug: version for slug, version in versions.items() if version > self.versions.get(slug, 0)}
            self.versions.update(later)
            self._replace(
                {
                    wsgi_path(document.section, document.format): document
                    for document in documents
                    if document.version >= self.versions.get(document.section, 0)
                }
            )
            self._remove([path for slug in later for path in paths(slug) if self._is_older(path, later[slug])])
            self._make_room()

    def go_back(self, versions: Mapping[str, int]) -> None:
        """Records versions of a database that was replaced by an earlier one; later documents are forgotten."""
        with self._lock:
            self.generation = object()
            self.versions.update(versions)
            self._remove([path for slug in versions for path in paths(slug) if path in self.by_path])

    def offer(self, document: PreparedDocument) -> bool:
        """Takes a document that was read for a poll; returns False if a later version was published meanwhile."""
        with self._lock:
            path = wsgi_path(document.section, document.format)
            if document.version < self.versions.get(document.section, 0):
                return False
            self.versions[document.section] = document.version
            before = self.by_path.get(path)
            if before is None or before.version < document.version:
                document.polled = True
                self._replace({path: document})
                self._make_room()
            return True

    def replace(self, documents: Iterable[PreparedDocument]) -> None:
        """Replaces documents by the same ones with other headers."""
        with self._lock:
            self.generation = object()
            self._replace({wsgi_path(document.section, document.format): document for document in documents})

    def forget(self, sections: Collection[str]) -> None:
        """Forgets sections that are not published any more."""
        with self._lock:
            self.generation = object()
            for slug in sections:
                self.versions.pop(slug, None)
                self.modified.pop(slug, None)
            self._remove([path for slug in sections for path in paths(slug) if path in self.by_path])

    def drop(self, sections: Collection[str]) -> None:
        """Drops the documents of sections that are not configured any more; their versions stay known."""
        with self._lock:
            self.generation = object()
            self._remove([path for slug in sections for path in paths(slug) if path in self.by_path])

    def remember(self, responses: Responses, key: ResponseKey, response: CountedResponse) -> None:
        """Remembers one of a document's responses; forgets those of all documents when there are too many.

        ``responses`` are the document's before the response was decided: if it changed meanwhile, it has others by now.
        """
        if self._remembered >= MAX_CACHED_RESPONSES:
            self._remembered, remembering, self._remembering = 0, self._remembering, []
            for forgotten in remembering:
                forgotten.clear()
        if not responses:
            self._remembering.append(responses)
        responses[key] = response
        self._remembered += 1

    def want(self, document: PreparedDocument, coding: str) -> None:
        """Counts a request for a coding that is not made yet; the second puts it in ``to_compress``. Takes no lock."""
        document.wanted[coding] = document.wanted.get(coding, 0) + 1
        if document.wanted[coding] == WANTED_AGAIN:
            self.to_compress.append((document, coding))

    def compress_wanted(self, most: int) -> int:
        """Makes the codings that were wanted again, some at a time; returns how many. Not for a thread that polls."""
        made = 0
        while made < most and self.to_compress:
            document, coding = self.to_compress.popleft()
            path = wsgi_path(document.section, document.format)
            if self.by_path.get(path) is not document:
                continue
            self.compress(document, coding)
            made += 1
        return made

    def compress(self, document: PreparedDocument, coding: str) -> EncodedDocument:
        """Makes a coding of a document, and keeps it. Two who want it at the same time make the same bytes."""
        body = COMPRESSORS[coding](document.source.identity)
        with self._lock:
            if (known := document.encoded[coding]).body is not None:
                return known
            made = document.encoded[coding] = prepare_coding(document, coding, body)
            # What is made of the document later, with other headers, has it too.
            document.source = replace(document.source, bodies={**document.source.bodies, coding: body})
            document.wanted.pop(coding, None)
            document.forget_responses()
            self._count(document, len(body))
        return made

    def unpack(self, document: PreparedDocument) -> bytes:
        """Returns the document as it is, and keeps that: few clients ask for it, but one that does asks again."""
        body = document.source.identity
        with self._lock:
            if (known := document.encoded["identity"]).body is not None:
                return known.body
            document.encoded["identity"] = replace(known, body=body)
            self._count(document, len(body))
        return body

    def _count(self, document: PreparedDocument, more: int) -> None:
        if self.by_path.get(wsgi_path(document.section, document.format)) is document:
            document.size += more
            self.size += more
            self._make_room()

    def _is_older(self, path: str, version: int) -> bool:
        document = self.by_path.get(path)
        return document is not None and document.version < version

    def _replace(self, documents: Mapping[str, PreparedDocument]) -> None:
        for path, document in documents.items():
            before = self.by_path.get(path)
            if before is None:
                self._ring.append(path)
            else:
                self.size -= before.size
                document.polled = document.polled or before.polled
            self.size += document.size
            self.moves = self.moves or document.cadence is not None
            if document.modified is not None:
                self.modified[document.section] = document.modified
        replaced = [self.by_path[path] for path in documents if path in self.by_path]
        self.by_path.update(documents)
        for before in replaced:
            before.forget_responses()

    def _remove(self, removed: Collection[str]) -> None:
        for path in removed:
            document = self.by_path.pop(path)
            self.size -= document.size
            document.forget_responses()
        if removed:
            self._ring = deque(path for path in self._ring if path in self.by_path)

    def _make_room(self) -> None:
        while self.used > self.budget and len(self._ring) > 1:
            path = self._ring.popleft()
            document = self.by_path[path]
            if document.polled:
                document.polled = False
                self._ring.append(path)
                continue
            del self.by_path[path]
            self.size -= document.size
            self.evicted += 1
            document.forget_responses()


def paths(section: str) -> list[str]:
    """Returns the paths of a section's documents."""
    return [wsgi_path(section, format) for format in FORMATS]
