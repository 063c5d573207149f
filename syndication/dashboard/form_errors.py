"""What is wrong with a form, by field: it is shown again with its input, and says each error at its field."""

from collections.abc import Mapping
from http import HTTPStatus

from syndication.errors import SyndicationError
from syndication.web.problems import Problem

Errors = dict[str, str]
"""A sentence by field; "" has what concerns none."""

REFUSED = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
"""The statuses after which the form is shown again; any other one is not about its fields."""


FORM_NAMES = {"scopes": "scope"}
"""What forms call a field of the API, if another name: each checkbox has one of the values."""


def refused_form(error: SyndicationError, fields: Mapping[str, str], otherwise: str = "") -> tuple[HTTPStatus, Errors]:
    """Returns the status of the form that is shown again, and its errors; raises an error that is not about its fields.

    ``fields`` has what the form calls each field of the API, and ``otherwise`` the field of an error that names none.
    """
    if not isinstance(error, Problem):
        return HTTPStatus.UNPROCESSABLE_ENTITY, {otherwise: sentence(str(error))}
    if error.status not in REFUSED:
        raise error
    found: Errors = {}
    for field, words in error.errors or [("", error.detail)]:
        name = field.partition(".")[0]
        shown = FORM_NAMES.get(name, name) if name in fields else otherwise
        whole = sentence(f"{fields.get(name, '')} {words}".strip())
        found[shown] = f"{found[shown]} {whole}" if shown in found else whole
    return error.status, found


def sentence(words: str) -> str:
    """Returns words as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
