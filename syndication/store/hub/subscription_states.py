"""How each subscription is doing, as an expression of the database: lists, counts and filters agree on it."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Join, case, literal_column, outerjoin

from syndication.store.tables.hub import HubSubscriptionRow
from syndication.store.tables.publishing import DocumentRow

SubscriptionState = Literal["current", "waiting", "failing", "parked", "paused"]
"""``current``: it has the newest version. ``waiting``: that is on its way. ``failing``: the last attempt failed, and
another one follows. ``parked``: attempts were given up. ``paused``: by somebody."""

STATES: Sequence[SubscriptionState] = get_args(SubscriptionState)


def with_document() -> Join:
    """Returns subscriptions with the present document of their topic, if there is one."""
    rows, document = HubSubscriptionRow.__table__, DocumentRow.__table__
    same = (document.c.section == rows.c.section) & (document.c.format == rows.c.format)
    return outerjoin(rows, document, same)


def is_behind() -> ColumnElement[bool]:
    """Returns whether the document is newer than what the subscription has, and another one."""
    rows = HubSubscriptionRow
    other = rows.digest.is_(None) | (rows.digest != DocumentRow.digest)
    return (DocumentRow.version > rows.version) & other


def state() -> ColumnElement[Any]:
    """Returns the state of a subscription in ``with_document()``."""
    rows = HubSubscriptionRow
    # What failed before the last success counts no more.
    failing = rows.failed_at.is_not(None) & (rows.delivered_at.is_(None) | (rows.failed_at > rows.delivered_at))
    return case(
        (rows.paused_at.is_not(None), literal_column("'paused'")),
        (rows.given_up_at.is_not(None), literal_column("'parked'")),
        (failing, literal_column("'failing'")),
        (is_behind(), literal_column("'waiting'")),
        else_=literal_column("'current'"),
    )
