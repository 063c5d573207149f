"""Asks Ghost's Content API for the addresses of posts: only Ghost knows all of its routes."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from syndication.sources.http import HttpLimits, request
from syndication.sources.reader import SourceError

LIMITS = HttpLimits(seconds=10.0, bytes=2 * 2**20)

MOST = 50
"""Posts asked for at once; Ghost answers at most 100."""


class ContentApi:
    """The Content API of the Ghost at ``home``, with a key of a custom integration."""

    def __init__(self, home: str, key: str, *, allow_private: bool) -> None:
        self._home = home.rstrip("/")
        self._key = key
        self._allow_private = allow_private

    def addresses(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Returns the addresses of those of the posts that are public; raises SourceError without a usable answer."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), MOST):
            found |= self._asked(ids[start : start + MOST])
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
