"""Cuts a post's html for a reader who is not logged in, as Ghost does. Pure.

After ``core/server/api/endpoints/utils/serializers/output/utils/post-gating.js`` of Ghost 6.65.
"""

import re

from syndication.model.access import MEMBERS_ONLY

PUBLIC = "public"
"""The only visibility whose posts are whole for everybody; the others are members, paid and tiers, or a filter."""

_BLOCK = re.compile(r"<!--kg-gated-block:begin ([^\n]+?)\s*-->(.*?)<!--kg-gated-block:end-->", re.DOTALL)
_OPEN = re.compile(r"<!--\s*kg-gated-block:begin")
_PARAMETER = re.compile(r"""\b(\w+):["']?([^"'\s]+)["']?""", re.ASCII)


def public_html(html: str, visibility: str) -> str:
    """Returns what of a post's html the site shows to everybody.

    For members, the marker stays where Ghost cuts; nothing of what follows it does.
    """
    if visibility == PUBLIC:
        return _without_blocks(html)
    opening, marker, _ = html.partition(MEMBERS_ONLY)
    if not marker:
        return ""
    # The marker may have cut a block in two: Ghost's expression finds no end then, and would show its beginning.
    kept = _without_blocks(opening)
    begins = _OPEN.search(kept)
    return (kept[: begins.start()] if begins else kept) + MEMBERS_ONLY


def _without_blocks(html: str) -> str:
    """Returns the html with the blocks that are for everybody, and without those that are for some."""
    return _BLOCK.sub(lambda found: found[2] if _is_for_everybody(found[1]) else "", html)


def _is_for_everybody(parameters: str) -> bool:
    """Returns whether a block's parameters show it to those who are not logged in; the last one of a name counts."""
    value = None
    for name, found in _PARAMETER.findall(parameters):
        if name == "nonMember" and found in ("true", "false"):
            value = found
    return value == "true"
