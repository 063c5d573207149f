"""Withdrawals by another system, which ends them when it publishes the story again."""

from sqlalchemy import ColumnElement, or_

from syndication.store.access.audit_log import AGENCY, SOURCE_ACTOR
from syndication.store.tables.articles import WithdrawalRow


def of_another_system() -> ColumnElement[bool]:
    """Returns the condition that a withdrawal is of a source or of the agency: see ``audit_log.is_automatic``."""
    return or_(WithdrawalRow.by == AGENCY, WithdrawalRow.by.startswith(SOURCE_ACTOR, autoescape=True))
