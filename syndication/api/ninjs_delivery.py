"""Stores what was received as ninjs: which version counts, and what is withdrawn, restored or replaced.

One transaction decides and writes, under the locks of the story and of the one that it updates.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Literal, NamedTuple

from syndication.api.operations import Context
from syndication.api.visibility import Visibility
from syndication.api.write_outcomes import DateOutcome, owning_sources, write_outcome
from syndication.importing.ninjs.article import to_article
from syndication.importing.ninjs.item import Item
from syndication.importing.ninjs.rules import Rules
from syndication.importing.ninjs.versions import Order, Version, compare
from syndication.model.values import Article
from syndication.store import Connection
from syndication.store.access import webhook_ids
from syndication.store.access.audit_log import Act, Actor, record_repeated
from syndication.store.articles import articles
from syndication.store.articles.ninjs_items import NinjsItem, Status, find_item, is_replaced, save_item
from syndication.store.articles.shown_articles import exposure
from syndication.store.articles.withdrawals import (
    Withdrawal,
    end_automatic,
    get_withdrawal,
    sign_withdrawal,
    withdraw_in,
)
from syndication.web.problems import FieldProblem, Problem

OLDER = "A newer version of the story was received before."
INCOMPARABLE = (
    "Nothing says whether this version is newer than the last one received, and the signature has no time: this may be"
    " a copy of an older request. Send the version as a number with versioncreated, or sign with webhook-signature."
)
STAYS_CANCELED = "This version of the story was canceled: only a newer one publishes it again."
CANCELED = "The story is canceled: it leaves every feed within a second or so, until a newer version is usable."
WITHHELD = "The story is withheld: it is stored, and stays out of the feeds until it is sent as usable."
REPLACED = "An update under another id has taken the place of this story: it is stored, and stays out of the feeds."
OUT_WITH_ITS_ORIGINAL = (
    "An editor withdrew the story that this one updates, so it stays out of the feeds too. Restore it to publish it."
)
WAITS = "is of a story that stays as it is: an update under embargo takes no story's place"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A received item; ``webhook_id`` is accepted once; ``refused`` is why the item is no story."""

    item: Item
    rules: Rules
    webhook_id: str | None
    refused: str | None


class DeliveryOutcome(NamedTuple):
    """What became of an item: the fields of the answer."""

    id: str
    outcome: Literal["created", "updated", "unchanged", "kept_out", "withdrawn", "ignored"]
    date: DateOutcome | None = None
    message: str | None = None
    warnings: list[FieldProblem] = []  # noqa: RUF012  # never changed
    kept: list[str] = []  # noqa: RUF012  # never changed


def deliver(here: Context, delivery: Delivery, by: Actor) -> DeliveryOutcome:
    """Stores an item. Raises InvalidItemError or Problem with nothing written."""
    database, item = here.database, delivery.item
    with database.write() as conn:
        now = database.now(conn)
        if delivery.webhook_id and not webhook_ids.record_if_new(conn, f"ninjs {delivery.webhook_id}", now):
            detail = f"The webhook {delivery.webhook_id!r} was already received."
            raise Problem(HTTPStatus.CONFLICT, "replayed", detail)
        if delivery.refused:
            return _ignore(conn, item, delivery.refused, by, now)
        articles.lock(conn, sorted({item.uri, item.evolved_from or item.uri}))
        known = find_item(conn, item.uri)
        order: Order = "newer" if known is None else compare(version_of(item), _version_of_known(known))
        if order == "older":
            return _ignore(conn, item, OLDER, by, now)
        if order == "incomparable" and delivery.webhook_id is None:
            return _ignore(conn, item, INCOMPARABLE, by, now)
        was_canceled = known is not None and known.status == "canceled" and order == "same"
        if item.pub_status == "canceled":
            return _cancel(conn, item, known, by, now, again=was_canceled)
        if was_canceled:
            return _ignore(conn, item, STAYS_CANCELED, by, now)
        return _Writing(conn, delivery, known, by, now).write()


def version_of(item: Item) -> Version:
    """Returns the version of an item."""
    return Version(item.version, item.version_created)


def _version_of_known(known: NinjsItem) -> Version:
    return Version(known.version, known.made_at)


def _ignore(conn: Connection, item: Item, why: str, by: Actor, now: datetime) -> DeliveryOutcome:
    record_repeated(conn, by, Act("webhook", item.uri, "ignored", why), now)
    return DeliveryOutcome(item.uri, "ignored", message=why)


def _cancel(
    conn: Connection, item: Item, known: NinjsItem | None, by: Actor, now: datetime, *, again: bool
) -> DeliveryOutcome:
    """Withdraws a story. Its text stays as it was: a canceled item often has a notice in its place.

    ``again``: this version was canceled before, so that a restore by an editor since then stays.
    """
    if not again:
        withdraw_in(conn, item.uri, by, now)
        save_item(conn, _received(item, known, "canceled", known.replaces if known else None), now)
    return DeliveryOutcome(item.uri, "withdrawn", message=CANCELED)


def _received(item: Item, known: NinjsItem | None, status: Status, replaces: str | None) -> NinjsItem:
    version = version_of(item).completed(_version_of_known(known)) if known else version_of(item)
    return NinjsItem(item.uri, *version, status, replaces)


@dataclass(slots=True)
class _Writing:
    """The write of a story that is usable or withheld."""

    conn: Connection
    delivery: Delivery
    known: NinjsItem | None
    by: Actor
    now: datetime

    def write(self) -> DeliveryOutcome:
        """Writes the article and everything that follows from it."""
        conn, item, now = self.conn, self.delivery.item, self.now
        found = Visibility(exposure(conn, item.uri, now), False, now)
        stored = articles.get_article(conn, item.uri)
        article = to_article(item, self.delivery.rules, stored, now)
        original = self._original(article)
        if original is not None and stored is None:
            article = replace(article, guid=self._guid_of(original) or article.guid)
        withheld = item.pub_status == "withheld"
        replaced = is_replaced(conn, item.uri)
        of_original = self._withdrawal_by_editor(original)
        out = withheld or replaced or of_original is not None
        if not out:
            end_automatic(conn, item.uri, self.by, now)
        article = replace(article, status="withdrawn" if out else "published")
        done = articles.put_locked(conn, article, self.by, "webhook", now)
        if of_original:
            sign_withdrawal(conn, item.uri, of_original.by)
        elif original is not None:
            withdraw_in(conn, original, self.by, now)
        before = self.known.replaces if self.known else None
        replaces = before if of_original else original or before
        save_item(conn, _received(item, self.known, "withheld" if withheld else "usable", replaces), now)
        told = write_outcome(done, found, article, owning_sources(conn, [item.uri]).get(item.uri))
        if withheld:
            return DeliveryOutcome(item.uri, "withdrawn", message=WITHHELD)
        if replaced:
            return DeliveryOutcome(item.uri, "kept_out", message=REPLACED)
        if of_original and original is not None and self._is_known(original):
            return DeliveryOutcome(item.uri, "kept_out", message=OUT_WITH_ITS_ORIGINAL)
        return DeliveryOutcome(item.uri, *told[:3], [*told.warnings, *self._warnings(article)], told.kept)

    def _original(self, article: Article) -> str | None:
        """Returns the story whose place this one takes now; None if there is none, or it has its place already."""
        item, at = self.delivery.item, article.published_at
        if item.evolved_from in (None, item.uri) or item.pub_status != "usable":
            return None
        if self._was_usable() and self.known is not None and self.known.replaces == item.evolved_from:
            return None
        return item.evolved_from if at is not None and at <= self.now else None

    def _guid_of(self, original: str) -> str | None:
        """Returns the guid under which readers know the story that is replaced, so that they see one entry change."""
        article = articles.get_article(self.conn, original)
        return article.guid if article else None

    def _withdrawal_by_editor(self, original: str | None) -> Withdrawal | None:
        """Returns the withdrawal of the story that is replaced, if an editor decided it.

        Only when the update becomes usable: an editor who restores the update has decided again.
        """
        if original is None or self._was_usable():
            return None
        found = get_withdrawal(self.conn, original)
        return found if found is not None and not found.is_automatic else None

    def _is_known(self, id: str) -> bool:
        """Returns whether readers have seen a story, so that the sender may know what became of it."""
        return Visibility(exposure(self.conn, id, self.now), False, self.now).exists

    def _was_usable(self) -> bool:
        return self.known is not None and self.known.status == "usable"

    def _warnings(self, article: Article) -> list[FieldProblem]:
        """Returns what the newsroom should know: terms that are no section, and an update that waits."""
        item, found = self.delivery.item, []
        terms = [concept.code or concept.name or "" for concept in item.services] or [
            concept.name or concept.literal or "" for concept in item.subjects
        ]
        if not article.sections and any(terms):
            named = ", ".join(repr(term[:40]) for term in terms[:5] if term)
            field = "service" if item.services else item.names["tags"].replace("keywords", "subject")
            found.append(FieldProblem(field=field, detail=f"no section is {named}: add it to [ninjs.sections]"))
        if item.evolved_from and article.published_at is not None and article.published_at > self.now:
            found.append(FieldProblem(field="evolvedfrom", detail=WAITS))
        return found
