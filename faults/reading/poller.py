"""A reader that polls one web process continuously for every feed, in every format and encoding in turn."""

import http.client
import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from itertools import cycle

from faults.reading.documents import DECODE, Document, read
from faults.reading.history import NO_ANSWER, History, Poll, Sighting
from faults.stage.newsroom import PATHS
from faults.stage.processes import Web
from faults.stage.waiting import now

PATIENCE = 5.0
"""The timeout in seconds: polls are answered from memory, so a longer one counts as unanswered."""


class Poller(threading.Thread):
    """Polls as feed readers do, with the last ETag; ``history`` records what it has seen."""

    def __init__(self, web: Web, pause: float) -> None:
        super().__init__(name=f"poller of {web.name}", daemon=True)
        self.history = History(killed={web.name: web.killed})
        self._web = web
        self._pause = pause
        self._seen: dict[tuple[str, str], Sighting] = {}
        self._documents: dict[tuple[str, str], Document] = {}
        self._connection: http.client.HTTPConnection | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Polls until ``stop``."""
        codings = cycle(DECODE)
        while not self._stopped.is_set():
            coding = next(codings)
            for path in PATHS:
                if self._stopped.wait(self._pause):
                    break
                self._poll(path, coding)
        self._close()

    def stop(self) -> History:
        """Stops the poller and returns its history."""
        self._stopped.set()
        self.join()
        return self.history

    def _poll(self, path: str, coding: str) -> None:
        known = self._seen.get((path, coding))
        asked = now()
        try:
            status, headers, body = self._get(path, coding, known.etag if known else "")
            wrong = self._note(path, coding, status, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._close()
            wrong = f"{NO_ANSWER} ({type(error).__name__})"
        self.history.polls.append(Poll(self._web.name, path, asked, now(), wrong))

    def _note(self, path: str, coding: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
        """Records the response, and returns what is wrong with it on its own."""
        known, moment = self._seen.get((path, coding)), now()
        etag = headers.get("etag", "")
        if status == 304:
            if known is None or etag != known.etag:
                return f"304 for {known.etag if known else 'nothing'}, with the ETag {etag}"
            known.last = moment
            return ""
        if status != 200:
            return f"status {status}"
        if headers.get("content-encoding", "identity") != coding:
            return f"{headers.get('content-encoding', 'identity')} where {coding} was asked for"
        modified = headers.get("last-modified")
        document = read(path, coding, body)
        # The same document in another encoding is kept once.
        document = self._documents.setdefault((path, document.digest), document)
        seen = Sighting(
            self._web.name,
            coding,
            etag,
            document,
            parsedate_to_datetime(modified) if modified else None,
            moment,
            moment,
        )
        self._seen[path, coding] = seen
        self.history.sightings.append(seen)
        return "200 with the ETag that the reader has" if known and known.etag == etag else ""

    def _get(self, path: str, coding: str, etag: str) -> tuple[int, Mapping[str, str], bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._web.port, timeout=PATIENCE)
        headers = {"Accept-Encoding": coding} | ({"If-None-Match": etag} if etag else {})
        self._connection.request("GET", path, headers=headers)
        response = self._connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, response.read()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
