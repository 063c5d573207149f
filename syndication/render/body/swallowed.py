"""Finds a story that an element has swallowed: browsers read all that follows as its text, and show nothing of it.

HTML has no self-closing ``<script/>`` or ``<iframe/>``, and an unclosed ``<style>`` or comment has no end (HTML
standard, section 13.2.5). A page shows nothing of such a story, and a feed neither, so its editor is told.
"""

import re

from selectolax.lexbor import LexborNode

from syndication.model.counted import counted
from syndication.render.body.page import BodyRefused
from syndication.render.body.tree import descendants

_CONTENT = re.compile(r"<(?:p|div|h[1-6]|ul|ol|li|table|blockquote|figure|section|article|br)[\s>/]", re.IGNORECASE)

_RAW = re.compile(r"<(?:script|style|iframe|no(?:embed|frames)|title|!--)", re.IGNORECASE)

_WORDS = re.compile(r"\w")


def refuse_swallowed(html: str, body: LexborNode) -> None:
    """Raises BodyRefused if an element swallowed content of the story."""
    if _RAW.search(html) is None:
        return
    lower = html.lower()
    for name in ("script", "style", "iframe", "noembed", "noframes", "title"):
        if f"<{name}" in lower:
            for node in body.css(name):
                _refuse(name, node.text(deep=True) if node.first_child is not None else "", node, lower)
    if "<!--" in lower and lower.rfind("-->") < lower.rfind("<!--"):
        for node in descendants(body):
            if node.is_comment_node and node.next is None:
                _refuse("!--", node.comment_content or "", node, lower)


def _refuse(name: str, text: str, node: LexborNode, lower: str) -> None:
    found = _CONTENT.search(text)
    if found is None or not _WORDS.search(text, found.end()):
        return
    if name == "!--":
        raise BodyRefused(
            f"its body has a comment without an end, which hides {counted(len(text), 'character')} of the story:"
            " close it with -->"
        )
    unclosed = lower.rfind(f"</{name}") < lower.rfind(f"<{name}")
    # A script with an address has no text of its own, and a frame no second frame.
    if unclosed or (name == "script" and "src" in node.attributes) or (name == "iframe" and "<iframe" in text.lower()):
        raise BodyRefused(
            f"its body has an unclosed <{name}>, which hides {counted(len(text), 'character')} of the story from every"
            f" browser: close it with </{name}>"
        )
