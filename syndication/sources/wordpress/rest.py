"""Asks the REST API of WordPress as anybody may, and checks the answers: an error page may have the status 200."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from syndication.sources.http import HttpLimits, Response, request
from syndication.sources.reader import SourceError
from syndication.sources.wordpress.rest_post import RestPost
from syndication.sources.wordpress.values import Category

PER_PAGE = 100
"""The largest page that WordPress allows."""

POSTS_AT_ONCE = 20
"""Posts rendered in one request: some hundred milliseconds of PHP, which readers of the site wait behind."""

PAUSE_SECONDS = 30.0
"""How long WordPress is left alone after it did not answer."""

FAILURES_TO_PAUSE = 2
"""One post that WordPress cannot render says nothing of the others; two in a row are the site."""

LIMITS = HttpLimits(seconds=8.0)
"""Three requests that fail end within the lease of a worker (sources/take_over.py)."""

EMBED_IMAGE = "wp:featuredmedia"
EMBED_ALL = f"author,wp:term,{EMBED_IMAGE}"
"""What comes with each post. WordPress counts an author's posts before it shows the author, which takes long."""


class RestError(SourceError):
    """WordPress did not answer with what its API answers; the message says what it did instead."""


class Rest:
    """The public REST API at ``url``, the site's home page; ``embed`` comes with each post. Pauses after failures."""

    def __init__(
        self,
        url: str,
        *,
        allow_private: bool,
        embed: str = EMBED_ALL,
        monotonic: Callable[[], float] = time.monotonic,
        limits: HttpLimits = LIMITS,
    ) -> None:
        self._url = url.rstrip("/")
        self._allow_private = allow_private
        self._embed = embed
        self._monotonic = monotonic
        self._limits = limits
        self._plain_links = False
        self._paused_until = 0.0
        self._failures = 0
        self._reason = ""

    @property
    def is_paused(self) -> bool:
        """Whether WordPress is left alone now, because it did not answer a moment ago."""
        return self._monotonic() < self._paused_until

    def resume(self) -> None:
        """Ends the pause: somebody asked."""
        self._paused_until = 0.0

    def posts(self, ids: Sequence[int]) -> Iterator[tuple[int, RestPost | RestError | None]]:
        """Yields each post with its id: None if WordPress does not show it, the error if it could not be rendered."""
        for start in range(0, len(ids), POSTS_AT_ONCE):
            yield from self._some_posts(ids[start : start + POSTS_AT_ONCE])

    def _some_posts(self, ids: Sequence[int]) -> Iterator[tuple[int, RestPost | RestError | None]]:
        try:
            found = self._rendered(ids)
        except RestError as error:
            if len(ids) == 1:
                yield ids[0], error
                return
        else:
            yield from ((id, found.get(id)) for id in ids)
            return
        # One post whose shortcode breaks PHP breaks the whole answer: the others come alone.
        for id in ids:
            yield from self._some_posts([id])

    def _rendered(self, ids: Sequence[int]) -> Mapping[int, RestPost]:
        if self.is_paused:
            raise RestError(self._reason)
        try:
            items, _ = self._list("posts", include=",".join(map(str, ids)), per_page=len(ids), _embed=self._embed)
            posts = [_post(item) for item in items]
        except RestError as error:
            self._failed(error, alone=len(ids) == 1)
            raise
        self._failures = 0
        return {post.id: post for post in posts if post.is_public}

    def _failed(self, error: RestError, *, alone: bool) -> None:
        self._failures += alone
        if self._failures >= FAILURES_TO_PAUSE:
            self._failures = 0
            self._reason = error.message
            self._paused_until = self._monotonic() + PAUSE_SECONDS

    def newest(self, count: int) -> tuple[list[RestPost], int]:
        """Returns the newest published posts, rendered, and how many there are in all."""
        found: list[RestPost] = []
        while True:
            some = min(POSTS_AT_ONCE, count - len(found))
            items, total = self._list("posts", offset=len(found), per_page=some, _embed=self._embed)
            found += map(_post, items)
            if len(items) < some or len(found) >= count:
                return found, total

    def in_order(self, offset: int, count: int) -> list[RestPost]:
        """Returns published posts in the order of their ids, after the first ``offset``."""
        items, _ = self._list("posts", orderby="id", order="asc", offset=offset, per_page=count, _embed=self._embed)
        return [_post(item) for item in items]

    def listed(self, offset: int, count: int) -> tuple[list[RestPost], int]:
        """Returns published posts in the order of their ids, after the first ``offset``, and how many there are in all.

        Only their ids, guids, and whether everybody may read them.
        """
        fields = "id,guid,content.protected"
        items, total = self._list("posts", orderby="id", order="asc", offset=offset, per_page=count, _fields=fields)
        return [_post({"link": "", **item}) for item in items], total

    def categories(self) -> list[Category]:
        """Returns all categories."""
        found: list[Category] = []
        while True:
            fields = "id,parent,slug,name,count"
            items, total = self._list("categories", per_page=PER_PAGE, offset=len(found), _fields=fields)
            try:
                found += [
                    Category(int(i["id"]), int(i["parent"]), i["slug"], i["name"], 0, int(i["count"])) for i in items
                ]
            except (KeyError, TypeError, ValueError) as error:
                raise RestError("WordPress' REST API answers with categories that lack a field") from error
            if not items or len(found) >= total:
                return found

    def _list(self, what: str, **query: object) -> tuple[list[dict[str, Any]], int]:
        response = self._get(what, query)
        try:
            items = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise RestError(
                f"WordPress' REST API answers {response.status} with something that is not JSON, such as an error page"
            ) from error
        if response.status != 200:
            code = items.get("code") if isinstance(items, dict) else None
            told = f" ({code[:60]})" if isinstance(code, str) and code.isascii() and code.isprintable() else ""
            raise RestError(f"WordPress' REST API answers {response.status}{told}")
        if not isinstance(items, list) or not all(isinstance(item, dict) and "id" in item for item in items):
            raise RestError("WordPress' REST API answers with something that is no list of posts")
        total = response.headers.get("x-wp-total", "")
        return items, int(total) if total.isdecimal() else len(items)

    def _get(self, what: str, query: Mapping[str, object]) -> Response:
        # Caches in front of WordPress may keep an answer for minutes: an unknown parameter makes it a new one.
        words = {**query, "syndication": secrets.token_hex(4)}
        response = self._answer(what, words)
        if response.status in (200, 404) and not _is_json(response):
            # Without pretty permalinks /wp-json/ is nothing, or the home page; a parameter works everywhere.
            self._plain_links = not self._plain_links
            other = self._answer(what, words)
            if _is_json(other):
                return other
            self._plain_links = not self._plain_links
        return response

    def _answer(self, what: str, words: Mapping[str, object]) -> Response:
        if self._plain_links:
            address = f"{self._url}/?{urlencode({'rest_route': f'/wp/v2/{what}', **words})}"
        else:
            address = f"{self._url}/wp-json/wp/v2/{what}?{urlencode(words)}"
        try:
            headers = {"accept": "application/json", "cache-control": "no-cache"}
            return request(address, headers=headers, allow_private=self._allow_private, limits=self._limits)
        except SourceError as error:
            raise RestError(error.message) from error


def _is_json(response: Response) -> bool:
    return response.body.lstrip()[:1] in (b"[", b"{")


def _post(item: dict[str, Any]) -> RestPost:
    try:
        return RestPost.model_validate(item)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))[:60]
        raise RestError(f"WordPress' REST API answers with a post whose {field} is not as documented") from error
