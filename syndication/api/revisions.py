"""Revisions: the states of an article that stood in feeds. List, read, compare, return to one, delete them for good."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field, ValidationError

from syndication.api.article_changes import FieldChangeResponse, field_change
from syndication.api.articles import CHANGED_SINCE, StoredResponse, tag, write_article
from syndication.api.operations import Operations, Reply, caller, context, instant
from syndication.api.schemas import ArticlePath, RequestModel, ResponseModel, StoredArticle, Time
from syndication.api.visibility import Visibility, check_exists
from syndication.diagnostics.field_differences import FieldDifference, state_differences
from syndication.model.article_json import OptionalCaption, dump_article
from syndication.model.json_types import Id, StrictModel
from syndication.model.values import Article
from syndication.store import Connection
from syndication.store.articles import articles as store
from syndication.store.articles import field_locks
from syndication.store.articles.revisions import Revision, forget_revisions, list_revisions, revert
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.publishing.article_states import load_states
from syndication.web.problems import Problem, invalid, not_found

operation = Operations("revisions", "Revisions", "The states of an article that stood in feeds.")

Digest = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="The revision's ID.")]

GONE = "The article has no row any more. Its CMS, or a PUT, has to write it again."


class RevisionPath(RequestModel):
    """An article and one of its revisions."""

    id: Id
    revision: Digest


class StretchResponse(ResponseModel):
    """The versions of a feed, from ``first`` to ``last``, that had the revision; null: the feed has it still."""

    section: str
    first: int
    last: int | None


class RevisionResponse(ResponseModel):
    """A state of an article that stood in a feed.

    It was shown first at ``first_shown_at``; ``shown_at`` is later if the article came back to it. ``written_by`` is
    the user, token or source that wrote it, and null if nobody knows: a program wrote it to the database, or an import
    did. ``current``: the article is like that now. ``versions`` goes back as far as versions of feeds are kept.
    """

    revision: str
    title: str
    first_shown_at: Time
    shown_at: Time
    written_by: str | None
    written_at: Time | None
    current: bool
    shown: bool
    versions: list[StretchResponse]


class RevisionsResponse(ResponseModel):
    """The kept revisions, newest first. ``withdrawn``: the article is out of all feeds. ``stored``: it has a row."""

    id: str
    withdrawn: bool
    stored: bool
    revisions: list[RevisionResponse]


class RevisionAnswer(RevisionResponse):
    """A revision with the article as it was, as the API writes one."""

    article: dict[str, Any]


class StateChangeResponse(FieldChangeResponse):
    """A field in which two states differ. ``markup``: only its HTML differs, which is compared as it is written."""

    markup: bool


class RevisionDifferenceResponse(ResponseModel):
    """The difference between two states, word by word. ``new`` is null for the article as it is stored now."""

    id: str
    old: str
    new: str | None
    fields: list[StateChangeResponse]


class RevisionDifferenceQuery(RequestModel):
    """What the revision is compared with."""

    new: Digest | None = Field(None, description="Another revision; omitted: the article as it is stored now.")


class RevertRequest(StrictModel):
    """How the return is published."""

    correction: OptionalCaption = Field(
        None, description="What was corrected: readers see it, and the story's date moves. Omitted: a small fix."
    )


class ForgottenResponse(ResponseModel):
    """The number of revisions that were deleted."""

    id: str
    deleted: int


@operation("GET", "/articles/<article:id>/revisions", "preview", {200: RevisionsResponse})
def list_article_revisions(path: ArticlePath) -> RevisionsResponse:
    """List the states of an article that stood in feeds, newest first, with who wrote them.

    They are kept for a withdrawn and a deleted article too.
    """
    with context().database.snapshot() as conn:
        found = check_exists(conn, path.id)
        revisions = _read(conn, path.id)
    exposure = found.exposure
    return RevisionsResponse(id=path.id, withdrawn=exposure.withdrawn, stored=exposure.stored, revisions=revisions)


@operation("GET", "/articles/<article:id>/revisions/<revision>", "preview", {200: RevisionAnswer})
def get_revision(path: RevisionPath) -> RevisionAnswer:
    """Get a state of an article that stood in a feed."""
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        state = _load(conn, path.id, path.revision)
        revisions = _read(conn, path.id)
    found = next(one for one in revisions if one.revision == path.revision)
    return RevisionAnswer(**found.model_dump(), article=state)


@operation(
    "GET", "/articles/<article:id>/revisions/<revision>/difference", "preview", {200: RevisionDifferenceResponse}
)
def compare_revisions(path: RevisionPath, query: RevisionDifferenceQuery) -> RevisionDifferenceResponse:
    """Compare a revision with another one, or with the article as it is stored now.

    HTML is compared as the text that readers see; if only its markup differs, as it is written.
    """
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        old = _load(conn, path.id, path.revision)
        new = _load(conn, path.id, query.new) if query.new is not None else _stored(conn, path.id)
    fields = [state_change(one) for one in state_differences(old, new)]
    return RevisionDifferenceResponse(id=path.id, old=path.revision, new=query.new, fields=fields)


@operation(
    "POST", "/articles/<article:id>/revisions/<revision>/revert", "write", {200: StoredResponse}, problems=(409, 412)
)
def revert_article(
    path: RevisionPath, body: RevertRequest, etag: str | None = None, locks: Collection[str] = ()
) -> Reply[StoredResponse]:
    """Return an article to a state that stood in a feed: a change like any other, with the same checks.

    It needs the scope preview too. Locked fields keep their present value, and are named in ``kept``. ID, guid, status,
    access and the date of the last update stay; a correction note is added to the state, never taken from it. A
    withdrawn article stays withdrawn.
    """
    if not caller().may("preview"):
        raise Problem(HTTPStatus.FORBIDDEN, "scope", "Returning to a revision needs the scope preview, to read it.")
    kept: list[str] = []
    states: list[Article] = []
    locked: set[str] = set()

    def look(conn: Connection, id: str) -> Visibility:
        found = check_exists(conn, id)
        states[:] = [_parsed(_load(conn, id, path.revision))]
        locked.update(one.field for one in field_locks.list_locks(conn, [id]).get(id, ()))
        return found

    def decide(stored: Article | None, _found: Visibility) -> Article:
        if stored is None:
            raise Problem(HTTPStatus.CONFLICT, "deleted", GONE)
        if etag is not None and etag != tag(stored):  # Of a form, which has no headers.
            raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", CHANGED_SINCE)
        article, kept[:] = revert(stored, states[0], body.correction, locked)
        return article

    done = write_article(path.id, decide, "revert", look, locks)
    done.value.kept = sorted({*done.value.kept, *kept})
    return done


@operation("DELETE", "/articles/<article:id>/revisions", "admin", {200: ForgottenResponse})
def forget_article_revisions(path: ArticlePath) -> ForgottenResponse:
    """Delete all kept revisions of an article for good, for example because a court said so.

    What a feed shows now is not touched: withdraw the article first. Nothing brings the revisions back, and no feed can
    be rolled back to a version that had the article.
    """
    database = context().database
    with database.write() as conn:
        check_exists(conn, path.id)
        number = forget_revisions(conn, path.id, caller().actor, database.now(conn))
    return ForgottenResponse(id=path.id, deleted=number)


def state_change(found: FieldDifference) -> StateChangeResponse:
    """Returns the difference of one field of two states."""
    return StateChangeResponse(**field_change(found).model_dump(), markup=found.markup)


def preview_revert(path: RevisionPath) -> tuple[dict[str, Any], str, dict[str, Any], list[str]]:
    """Returns the stored article in JSON, its ETag, the merge patch of a return, and the locked fields that stay."""
    with context().database.snapshot() as conn:
        check_exists(conn, path.id)
        state = _parsed(_load(conn, path.id, path.revision))
        stored = store.get_article(conn, path.id)
        if stored is None:
            raise Problem(HTTPStatus.CONFLICT, "deleted", GONE)
        locked = [one.field for one in field_locks.list_locks(conn, [path.id]).get(path.id, ())]
    after, kept = revert(stored, state, None, locked)
    old, new = dump_article(stored), dump_article(after)
    return old, tag(stored), {name: value for name, value in new.items() if value != old[name]}, kept


def _read(conn: Connection, id: str) -> list[RevisionResponse]:
    now = stored_digests(conn, [id]).get(id)  # An article over the limits is in no feed, and has none.
    found = list_revisions(conn, id, context().settings.sections)
    return [_response(one, current=one.digest == now) for one in found]


def _response(found: Revision, *, current: bool) -> RevisionResponse:
    return RevisionResponse(
        revision=found.digest,
        title=found.title,
        first_shown_at=instant(found.first_shown_at),
        shown_at=instant(found.shown_at),
        written_by=found.written_by,
        written_at=instant(found.written_at),
        current=current,
        shown=found.is_shown,
        versions=[StretchResponse(section=one.section, first=one.since, last=one.until) for one in found.versions],
    )


def _load(conn: Connection, id: str, revision: str) -> dict[str, Any]:
    found = load_states(conn, [(id, revision)]).get((id, revision))
    if found is None:
        raise not_found(f"revision {revision} of article {id!r}")
    return found


def _stored(conn: Connection, id: str) -> dict[str, Any]:
    stored = store.get_article(conn, id)
    if stored is None:
        raise Problem(HTTPStatus.CONFLICT, "deleted", GONE)
    return dump_article(stored)


def _parsed(state: dict[str, Any]) -> Article:
    """Returns a state as an article; raises a 422 Problem for one that another program wrote over the limits."""
    try:
        return StoredArticle.model_validate(state).article(context().slugs)
    except ValidationError as error:
        raise invalid(error) from error
