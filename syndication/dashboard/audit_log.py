"""Activity: the audit log."""

from flask import Response, request

from syndication.api import audit_log as api
from syndication.dashboard.pages import Pages, ask, asked_for, next_page, page

pages = Pages("activity")

FILTERS = ("act", "actor", "target")


@pages.get("/activity", "admin")
def show_activity() -> Response:
    """Who did what, when, from where and what came of it, the newest first."""
    asked = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    query = asked_for(api.AuditQuery, **asked, before=request.args.get("before") or None)
    found = ask(api.list_acts, api.AuditAnswer, query=query)
    following = next_page()
    return page(
        "audit_log.html",
        acts=found.acts,
        asked=asked,
        following={**asked, "before": following["before"]} if following else None,
        paged=query.before is not None,
    )
