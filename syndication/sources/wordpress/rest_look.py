"""A look through WordPress' REST API alone: the newest posts, as rendered."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from syndication.sources.reader import Found, Row
from syndication.sources.wordpress.article import ArticleMaker
from syndication.sources.wordpress.database_look import MAPPING_REVISION
from syndication.sources.wordpress.new_posts import EVERY_ID, NewPosts, listed
from syndication.sources.wordpress.rest import PER_PAGE, POSTS_AT_ONCE, Rest, RestError
from syndication.sources.wordpress.rest_post import RestPost

# WordPress counts these up within one answer: they say where a post stood in it, not what it is.
_COUNTED = re.compile(r"\b(wp-container-|wp-elements-|wp-block-gallery-|gallery-|galleryid-)[\w-]+")


class RestLook:
    """A ``Look`` (sources/reader.py). What WordPress shows in the middle of a look may be newer than its begin.

    ``before`` is what the look before saw of new posts: one that WordPress is still writing is in none of the answers.
    """

    def __init__(self, rest: Rest, make: ArticleMaker, window: int, offsets: dict[str, int], before: NewPosts) -> None:
        self._rest = rest
        self._make = make
        self._count = window
        self._offsets = offsets
        self._before = before
        self._highest = 0 if before.newest == EVERY_ID else before.newest
        # One that is in no answer of this look is waited for as before.
        self._waiting = before.unfinished(before.waiting, make.now)
        self._seen: dict[str, RestPost] = {}

    def fingerprint(self) -> str:
        """Returns a digest of how many posts are published, which are the newest, and which of these have a password.

        An older post that gets a password is seen when the next post comes or goes. What was still written at the look
        before is listed again, so that it appears, however old its date.
        """
        newest, total = self._newest
        shown = [(post.id, post.is_public) for post in newest]
        return hashlib.sha256(f"{total} {shown} {listed(self._before.waiting)}".encode()).hexdigest()

    def window(self) -> Sequence[Row]:
        """Returns the newest public posts, newest first; they are rendered by then."""
        return [self._row(post) for post in self._newest[0] if self._is_public(post)]

    def public_ids(self) -> Iterable[str]:
        """Returns the ID of each public post: a request for each hundred, without their texts."""
        found: dict[int, bool] = {}
        offset = 0
        while True:
            some, total = self._rest.listed(offset, PER_PAGE)
            found.update((post.id, self._is_public(post)) for post in some)
            offset += len(some)
            if not some or offset >= total:
                break
        # One that was deleted meanwhile moves the others up, so that one is passed over: none may vanish by that.
        if len(found) < total:
            raise RestError("posts of WordPress came or went while they were listed")
        return [str(id) for id, is_public in found.items() if is_public]

    @cached_property
    def _newest(self) -> tuple[list[RestPost], int]:
        return self._rest.newest(self._count)

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns public posts in the order of their IDs."""
        offset = self._offset_after(int(after)) if after else 0
        while posts := self._rest.in_order(offset, min(count, POSTS_AT_ONCE)):
            offset += len(posts)
            rows = [self._row(post) for post in posts if self._is_public(post)]
            if rows:
                self._offsets.clear()
                self._offsets[rows[-1].id] = offset
                return rows
        return []

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Reads posts whole; those of the window and of the last page are read already."""
        missing = [int(row.id) for row in rows if row.id not in self._seen]
        for id, answer in self._rest.posts(missing):
            if isinstance(answer, RestError):
                raise answer
            if answer is not None:
                self._seen[str(id)] = answer
        for row in rows:
            if row.id in self._seen:
                page = self._seen[row.id].rendered()
                yield self._make.rendered(row, page.post, page)

    def removed(self) -> Sequence[str]:
        """Returns nothing: WordPress keeps no list of what it deleted."""
        return ()

    def bookmark(self) -> str:
        """Returns what the next look should know of new posts."""
        return self._before.after(self._highest, self._waiting).to_text()

    def _is_public(self, post: RestPost) -> bool:
        """Returns whether everybody may read the post, and it is finished."""
        self._highest = max(self._highest, post.id)
        unfinished = self._before.unfinished([post.id] if post.lacks_guid else [], self._make.now)
        self._waiting.pop(post.id, None)
        self._waiting |= unfinished
        return post.is_public and not unfinished

    def _row(self, post: RestPost) -> Row:
        self._seen[str(post.id)] = post
        page = post.rendered()
        facts = page.post
        shown = (
            facts.title, facts.excerpt, facts.slug, facts.guid, facts.published_at, facts.authors, facts.tags,
            page.link, _COUNTED.sub(r"\1", page.html), page.image, self._make.sections.sections(facts.categories),
        )  # fmt: skip
        return Row(str(post.id), hashlib.sha256(f"{MAPPING_REVISION}{shown!r}".encode()).hexdigest()[:32])

    def _offset_after(self, after: int) -> int:
        """Returns how many public posts have no larger ID: as remembered if that is still so, otherwise by halving."""
        low, high = 0, self._offsets.get(str(after), 0)
        ids, total = self._ids(max(high - 1, 0), 2)
        if high and ids and ids[0] <= after and (len(ids) == 1 or ids[1] > after):
            return high
        high = total
        while low < high:
            middle = (low + high) // 2
            ids, _ = self._ids(middle, 1)
            if ids and ids[0] <= after:
                low = middle + 1
            else:
                high = middle
        return low

    def _ids(self, offset: int, count: int) -> tuple[list[int], int]:
        found, total = self._rest.listed(offset, count)
        return [post.id for post in found], total
