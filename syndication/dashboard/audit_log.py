"""The audit log."""

from flask import Response, request

from syndication.api import audit_log as api
from syndication.dashboard.pages import Pages, call, page, parse_request

pages = Pages("audit_log")

FILTERS = ("act", "actor", "target")


@pages.get("/audit-log", "admin")
def show_audit_log() -> Response:
    """Lists recorded actions with actor, target, source and result, newest first."""
    asked = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    query = parse_request(api.AuditLogQuery, **asked, before=request.args.get("before") or None)
    found = call(api.list_audit_log, query=query)
    following = found.next_page
    return page(
        "audit_log.html",
        acts=found.value.entries,
        asked=asked,
        following={**asked, "before": following["before"]} if following else None,
        paged=query.before is not None,
    )
