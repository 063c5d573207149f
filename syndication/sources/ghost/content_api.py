"""Asks Ghost's Content API for the addresses of posts: only Ghost knows all of its routes."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from syndication.sources.http import HttpLimits, request
from syndication.sources.reader import SourceError

LIMITS = HttpLimits(seconds=10.0, bytes=2 * 2**20)

MOST = 50
"""Posts asked for at once; Ghost answers at most 100."""

PAUSE_SECONDS = 30.0
"""How long Ghost is left alone after it did not answer; longer than a look, so that one look waits for it once."""


class ContentApi:
    """The Content API of the Ghost at ``home``, with a key of a custom integration. Pauses after a failure.

    ``monotonic`` returns seconds.
    """

    def __init__(
        self, home: str, key: str, *, allow_private: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._home = home.rstrip("/")
        self._key = key
        self._allow_private = allow_private
        self._monotonic = monotonic
        self._paused_until = 0.0
        self._reason = ""

    def addresses(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Returns the addresses of those of the posts that are public.

        Raises SourceError without a usable answer, and for a while after that without asking.
        """
        if self._monotonic() < self._paused_until:
            raise SourceError(self._reason)
        found: dict[str, str] = {}
        try:
            for start in range(0, len(ids), MOST):
                found |= self._asked(ids[start : start + MOST])
        except SourceError as error:
            self._paused_until, self._reason = self._monotonic() + PAUSE_SECONDS, error.message
            raise
        return found

    def _asked(self, ids: Sequence[str]) -> Mapping[str, str]:
        query = {"key": self._key, "filter": f"id:[{','.join(ids)}]", "fields": "id,url", "limit": str(MOST)}
        response = request(
            f"{self._home}/ghost/api/content/posts/?{urlencode(query)}",
            headers={"Accept": "application/json", "Accept-Version": "v5.0"},
            allow_private=self._allow_private,
            limits=LIMITS,
        )
        if response.status in (401, 403):
            raise SourceError("Ghost's Content API refuses content_api_key")
        if response.status != 200:
            raise SourceError(f"Ghost's Content API answers with {response.status}")
        try:
            posts = json.loads(response.body)["posts"]
            return {str(post["id"]): str(post["url"]) for post in posts}
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError("Ghost's Content API answers with something that is not its own") from error
