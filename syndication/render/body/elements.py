"""The table of elements: what becomes of each, and which attributes stay.

The rule: what a browser shows to a person without scripts stays, as itself or as words and a link. What a browser hides
is gone (HTML standard, section 15.3.1). Unknown elements are inline in browsers, so their content stays in its place.
"""

from collections.abc import Mapping
from enum import StrEnum


def names(text: str) -> frozenset[str]:
    """Returns the words of ``text``: a list of names is read more easily without its quotes."""
    return frozenset(text.split())


class Becomes(StrEnum):
    """What becomes of an element."""

    ITSELF = "the element, with the attributes of the table below"
    DIVISION = "a div with its content: it is a block in browsers, and its words must not join others"
    LIST = "a ul with its items"
    PREFORMATTED = "a pre with its text"
    CONTENT = "its content, in place"
    APART = "its content, with a space on both sides: browsers show it as a box in the line"
    WORDS = "the words that browsers show in the control"
    PICTURE = "one img with the real address, or its alternative text"
    MEDIA = "itself with controls and a link inside, or its poster and its content"
    LINK = "its content, and a link to what it shows"
    DRAWING = "its title, description and letters, or a picture"
    FORMULA = "its letters, with sub and sup"
    NOTHING = "nothing: browsers do not show it"


_TABLE: Mapping[Becomes, str] = {
    Becomes.ITSELF: """
        a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd
        del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i ins kbd li main map
        mark nav ol p picture pre q rb rp rt rtc ruby s samp section small span strike strong sub summary sup table
        tbody td tfoot th thead time tr tt u ul var wbr""",
    Becomes.DIVISION: "dialog fieldset form frameset legend optgroup search",
    Becomes.LIST: "dir menu",
    Becomes.PREFORMATTED: "listing plaintext xmp",
    Becomes.CONTENT: "blink font label nobr noscript slot",
    Becomes.APART: "button canvas marquee option select",
    Becomes.WORDS: "input meter progress textarea",
    Becomes.PICTURE: "amp-anim amp-img img source",
    Becomes.MEDIA: "amp-audio amp-video audio video",
    Becomes.LINK: "applet area embed fencedframe frame iframe object oembed portal script",
    Becomes.DRAWING: "svg",
    Becomes.FORMULA: "math",
    Becomes.NOTHING: """
        amp-ad amp-analytics amp-auto-ads amp-consent amp-pixel amp-state base basefont bgsound datalist head keygen
        link meta noembed noframes param spacer style template title track""",
}

ELEMENTS: Mapping[str, Becomes] = {name: becomes for becomes, names in _TABLE.items() for name in names.split()}

_ALIGNED = "align char charoff"

_ATTRIBUTES: Mapping[str, str] = {
    "*": "lang dir title id data-id hidden class role",
    "a": "href hreflang type",
    "audio": "src controls",
    "bdo": "dir",
    "blockquote": "cite",
    "col": f"span {_ALIGNED}",
    "colgroup": f"span {_ALIGNED}",
    "data": "value",
    "del": "cite datetime",
    "details": "open",
    "hr": "align size width",
    "img": "src srcset sizes alt width height align",
    "ins": "cite datetime",
    "li": "value",
    "ol": "start reversed type",
    "q": "cite",
    "source": "src srcset sizes type media",
    "table": f"summary {_ALIGNED}",
    "tbody": _ALIGNED,
    "td": f"colspan rowspan headers {_ALIGNED}",
    "tfoot": _ALIGNED,
    "th": f"colspan rowspan headers scope abbr {_ALIGNED}",
    "thead": _ALIGNED,
    "time": "datetime",
    "tr": _ALIGNED,
    "track": "src kind srclang label",
    "ul": "type",
    "video": "src poster controls width height",
}

ATTRIBUTES: dict[str, set[str]] = {name: set(kept.split()) for name, kept in _ATTRIBUTES.items()}
"""The attributes that stay, by element; those of ``*`` stay on each. ``id`` stays if a link of the text leads to it,
``class`` and ``role`` if they are those of footnotes."""

ITSELF = frozenset(name for name, becomes in ELEMENTS.items() if becomes is Becomes.ITSELF)

WRITTEN = ITSELF | {"audio", "img", "source", "track", "video"}
"""All elements that a body can have when it is written."""

KEPT: Mapping[str, frozenset[str]] = {
    name: frozenset(ATTRIBUTES["*"] | ATTRIBUTES.get(name, set())) for name in WRITTEN
}
"""The attributes that stay on each element, those of every element included."""

VOID = frozenset(["br", "col", "hr", "img", "source", "track", "wbr"])
"""The written elements that have no end tag."""

PHRASING = names(
    """a abbr acronym b bdi bdo big cite code data del dfn em h1 h2 h3 h4 h5 h6 i ins kbd mark p pre q rb rp rt rtc ruby
    s samp small span strike strong sub summary sup time tt u var"""
)
"""Elements in which a paragraph cannot be or would break the line: a link inside is written in the line."""

SKIPPED = frozenset(name for name, becomes in ELEMENTS.items() if becomes is Becomes.NOTHING)
