"""Articles: search, trace, withdraw and restore."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import article_history as api_past
from syndication.api import article_trace, deliveries, field_locks, withdrawals
from syndication.api import articles as api
from syndication.api.operations import caller, context
from syndication.api.schemas import ArticlePath, IdPath
from syndication.api.visibility import visible_outline
from syndication.dashboard.article_form import LABELS
from syndication.dashboard.article_search import asked_articles, csv_of, given_fields
from syndication.dashboard.csv_lines import csv_file
from syndication.dashboard.filters import time_filters
from syndication.dashboard.form_errors import refused_form
from syndication.dashboard.pages import PREFIX, Pages, back, call, is_live, live_part, page, parse_request, titles
from syndication.dashboard.previews import shown
from syndication.dashboard.sections import served_version
from syndication.dashboard.withdrawals import REASONS, asked_reason
from syndication.diagnostics.trace_steps import trace_steps
from syndication.errors import SyndicationError
from syndication.model.values import ALL
from syndication.store.articles.article_outlines import ArticleOutline
from syndication.store.articles.article_sizes import measure
from syndication.store.articles.terms import read_terms
from syndication.web.problems import Problem

pages = Pages("articles")

STATUSES = ("published", "draft", "withdrawn")

SEARCH_FIELDS = {"q": "the words", "from": "the day", "to": "the day", "section": "the section", "status": "the status"}
"""What the fields of the search are called in sentences."""

FEED_FILTERS = {"none": "Not in any feed", "left-out": "Left out of a feed"}


@pages.get("/articles", "read")
def find_articles() -> Response:
    """Finds articles by words and filters, newest first."""
    try:
        asked, query = asked_articles()
        found = call(api.list_articles, query=query)
    except SyndicationError as error:
        status, errors = refused_form(error, SEARCH_FIELDS, "q")
        return _search_page(status, asked=given_fields(), errors=errors)
    following = found.next_page
    return _search_page(
        found=found.value.articles,
        hits=found.value,
        asked=asked,
        following={**asked, "after": following["after"]} if following else None,
        paged=bool(query.after),
    )


def _search_page(status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    return page(
        "articles.html",
        status,
        sections=titles(),
        statuses=STATUSES if caller().may("preview") else ("published", "withdrawn"),
        feed_filters=FEED_FILTERS,
        origin=request.full_path.removeprefix(PREFIX).rstrip("?"),
        **{"found": [], "hits": None, "following": None, "paged": False, "errors": {}} | shown,
    )


@pages.get("/articles.csv", "read")
def download_articles() -> Response:
    """Downloads what was found, newest first, as CSV (RFC 4180)."""
    _, query = asked_articles()
    return csv_file(csv_of(query), "articles.csv")


@pages.get("/article", "read")
def show_article() -> Response:
    """Shows one article: its trace in each feed, its preview, its history."""
    path = _path()
    traced, article = call(article_trace.trace_article, path=path, write_time=time_filters().text), _stored(path)
    selecting = _selecting(article)
    concerned = [verdict for verdict in traced.sections if _is_relevant(verdict, selecting)]
    feed_traces: dict[str, Any] = {
        "id": path.id,
        "feed_traces": [
            (one, trace_steps(one, served_version(one.section) or None, _published_versions(one.section)))
            for one in concerned
        ],
        "elsewhere": [verdict.section for verdict in traced.sections if article and verdict not in concerned],
        "titles": titles(),
        "workers": traced.workers,
        "source": traced.source,
        "source_words": traced.source_words,
    }
    feed_traces |= {
        "article": article,
        "over": _over_limit(path) if article else None,
        "out": traced.withdrawn,
        "out_by_sender": traced.withdrawn_by_sender,
        "reason": traced.withdrawal.reason if traced.withdrawal else None,
        "locks": field_locks.list_locks(path=path) if article else None,
        "field_labels": LABELS,
        "history": call(api_past.list_history, path=path, query=api_past.HistoryQuery()),
    }
    if is_live():
        return live_part("parts/article_live.html", **feed_traces)
    return page(
        "article.html",
        **feed_traces,
        delivery=_delivery(path) if request.args.get("followed") else None,
        batch=_batch(traced),
        **shown(request.args.get("preview")),
    )


@pages.get("/article/withdraw", "write")
def confirm_withdrawal() -> Response:
    """Asks for confirmation."""
    return _confirm("withdraw")


@pages.post("/article/withdraw", "write")
def withdraw() -> BaseResponse:
    """Withdraws an article from all feeds."""
    path, reason = _path(), asked_reason()
    try:
        body = parse_request(withdrawals.WithdrawRequest, reason=reason)
    except Problem as problem:
        return _confirm("withdraw", reason, problem.detail)
    return _followed(call(withdrawals.withdraw_article, path=path, body=body))


@pages.get("/article/restore", "write")
def confirm_restoration() -> Response:
    """Asks for confirmation."""
    return _confirm("restore")


@pages.post("/article/restore", "write")
def restore() -> BaseResponse:
    """Restores a withdrawn article."""
    path = _path()
    return _followed(call(withdrawals.restore_article, path=path))


@pages.get("/live/delivery", "read")
def live_delivery() -> Response:
    """Returns how far a withdrawal or a restoration has come, until it is served."""
    return page("parts/delivery.html", delivery=_delivery(_path()))


def _delivery(path: ArticlePath) -> deliveries.DeliveryResponse:
    query = parse_request(deliveries.DeliveryQuery, publication=request.args.get("publication") or None)
    return call(deliveries.get_delivery, path=path, query=query, titles=titles())


def _followed(done: withdrawals.WithdrawalResponse) -> BaseResponse:
    """Returns to the article, which shows how far it has come; of what changed nothing, there is only a message."""
    if done.outcome == "unchanged" or done.message == withdrawals.TAKEN_OVER:
        flash(done.message)
        return back("/article", id=done.id)
    return back("/article", id=done.id, followed="1")


def _batch(traced: article_trace.TraceResponse) -> withdrawals.WithdrawalBatchResponse | None:
    """Returns the act that withdrew the article, for those who may undo it; None if it is unknown or forgotten."""
    id = traced.withdrawal.withdrawal if traced.withdrawal else None
    if id is None or not caller().may("write"):
        return None
    try:
        return call(withdrawals.get_withdrawal_batch, path=IdPath(id=id))
    except Problem as problem:
        if problem.kind != "not-found":
            raise
        return None


def _confirm(act: str, reason: str = "", error: str | None = None) -> Response:
    path = _path()
    traced = call(article_trace.trace_article, path=path, write_time=time_filters().text)
    sections = context().settings.sections
    longest = max(
        (sections[v.section].cache for v in traced.sections if v.in_feed and v.section in sections),
        key=lambda policy: policy.longest_copy,
        default=None,
    )
    return page(
        "confirm.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        typed=reason,
        error=error,
        reasons=REASONS,
        act=act,
        id=path.id,
        article=_stored(path),
        workers=traced.workers,
        sitemaps=context().settings.main.sitemaps.enabled,
        source=traced.source,
        source_words=traced.source_words,
        out_by_sender=traced.withdrawn_by_sender,
        feeds=[titles()[v.section] for v in traced.sections if v.in_feed and v.section in sections],
        copies=longest.longest_copy if longest else 0,
    )


def _path() -> ArticlePath:
    """Returns the article's ID from the address, for forms too: browsers change line endings in form fields."""
    return parse_request(ArticlePath, id=request.args.get("id", ""))


def _stored(path: ArticlePath) -> ArticleOutline | None:
    """Returns the article without its body; None if it was deleted, as its trace is still available."""
    try:
        with context().database.read() as conn:
            return visible_outline(conn, path.id)
    except Problem as problem:
        if problem.kind != "not-found":
            raise
        return None


def _over_limit(path: ArticlePath) -> str | None:
    """Returns the limit that the article exceeds, if another program stored more than the limits allow."""
    with context().database.read() as conn:
        return measure(conn, [path.id])[1].get(path.id)


def _selecting(article: ArticleOutline | None) -> Collection[str]:
    """Returns the feeds that select an article that the caller may see."""
    if article is None:
        return ()
    with context().database.read() as conn:
        return context().settings.selections.select(read_terms(conn, [article.id]).get(article.id, frozenset()))


def _is_relevant(verdict: article_trace.VerdictResponse, selecting: Collection[str]) -> bool:
    """Returns whether the article is in this feed or could be; a withdrawn one is kept out of all others too."""
    if verdict.section not in context().settings.sections or verdict.section == ALL:
        return True
    return verdict.in_feed or verdict.section in selecting


def _published_versions(slug: str) -> int | None:
    """Returns the published version, as last seen by the watcher."""
    version: int | None = context().loader.catalogue.memory.versions.get(slug)
    return version
