"""Scripts that put something into the page where they are: a person without scripts gets a link to it."""

import re

from selectolax.lexbor import LexborNode

from syndication.render.body.tree import attribute

_PAGES = (
    (
        re.compile(r"(?:https?:)?//datawrapper\.dwcdn\.net/([A-Za-z0-9]+)/embed\.js"),
        "https://datawrapper.dwcdn.net/{}/",
    ),
    (re.compile(r"(?:https?:)?//gist\.github\.com/([\w./-]+?)\.js(?:\?.*)?"), "https://gist.github.com/{}"),
    (
        re.compile(r"(?:https?:)?//(?:cdn\.jwplayer|content\.jwplatform)\.com/players/(\w+-\w+)\.js"),
        "https://cdn.jwplayer.com/players/{}.html",
    ),
    (
        re.compile(r"(?:https?:)?//www\.buzzsprout\.com/(\d+/[\w-]+)\.js(?:\?.*)?"),
        "https://www.buzzsprout.com/{}",
    ),
    (re.compile(r"(?:https?:)?//asciinema\.org/a/([\w-]+)\.js"), "https://asciinema.org/a/{}"),
)


def script_address(script: LexborNode) -> str:
    """Returns the page of what a script shows; "" for any other script."""
    if script.first_child is not None:
        return ""
    if post := attribute(script, "data-telegram-post"):
        return f"https://t.me/{post}" if re.fullmatch(r"\w+/\d+", post) else ""
    source = attribute(script, "src")
    for pattern, page in _PAGES:
        if found := pattern.fullmatch(source):
            return page.format(found[1])
    return ""
