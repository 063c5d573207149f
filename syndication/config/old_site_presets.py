"""The addresses that WordPress, Ghost, Hugo and Drupal give to their feeds.

Sources: WordPress' ``WP_Rewrite::generate_rewrite_rules`` and ``WP_Query``, Ghost's ``rss`` router, Hugo's "RSS
templates", Drupal's views ``frontpage`` and ``taxonomy_term``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Template:
    """An address, in which {base} and {name} are replaced, its format, and whether the system itself writes it so."""

    address: str
    format: str = "rss"
    usual: bool = False
    only_ids: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """The feeds of one kind of archive; ``base`` is its path. ``by_slug``: names are those of sections by default."""

    templates: Sequence[Template]
    base: str = ""
    by_slug: bool = False
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A system's feeds: of the whole site, and of its archives by their setting in [[old_site]].

    ``parameters`` are those of its query that select content.
    """

    home: Sequence[Template]
    archives: Mapping[str, Archive]
    parameters: Sequence[str] = field(default=())


WORDPRESS_FORMATS = {"rss2": "rss", "rss": "rss", "rdf": "rss", "atom": "atom", "json": "json"}
"""WordPress' words in addresses. RSS 0.92 and 1.0 have become RSS 2.0; ``json`` is that of the plugin JSON Feed."""


def _wordpress_home() -> list[Template]:
    found = [Template("/feed/", usual=True), *(Template(f"/{start}?feed=feed") for start in ("", "index.php"))]
    for word, format in WORDPRESS_FORMATS.items():
        found += [
            Template(f"/feed/{word}/", format, usual=word == "atom"),
            Template(f"/?feed={word}", format, usual=word == "rss2"),
            Template(f"/index.php?feed={word}", format),
            Template(f"/wp-{word}.php", format),
            Template(f"/{word}/", format),
        ]
    return [*found, Template("/wp-feed.php")]


def _wordpress_archive(by_name: str, by_id: str) -> list[Template]:
    found = [Template("{base}/{name}/feed/", usual=True)]
    for word, format in WORDPRESS_FORMATS.items():
        found += [
            Template(f"{{base}}/{{name}}/feed/{word}/", format, usual=word == "atom"),
            Template(f"{{base}}/{{name}}/{word}/", format),
            Template(f"{{base}}/{{name}}/?feed={word}", format),
            Template(f"/?feed={word}&{by_name}={{name}}", format),
            Template(f"/?feed={word}&{by_id}={{name}}", format, usual=word == "rss2", only_ids=True),
            Template(f"/index.php?feed={word}&{by_id}={{name}}", format, only_ids=True),
        ]
    return found


# fmt: off
_WORDPRESS_PARAMETERS = (
    "feed", "cat", "category_name", "tag", "tag_id", "author", "author_name", "p",
    "page_id", "attachment", "attachment_id", "name", "pagename", "page",
    "paged", "s", "m", "w", "year", "monthnum", "day", "hour", "minute",
    "second", "post_type", "post_format", "taxonomy", "term", "withcomments", "lang",
)
# fmt: on

_GHOST = (Template("{base}/{name}/rss/", usual=True), Template("{base}/{name}/feed/"))
_HUGO = (Template("{base}/{name}/index.xml", usual=True),)
_DRUPAL = (
    Template("/taxonomy/term/{name}/feed", usual=True),
    Template("/taxonomy/term/{name}/all/feed"),
    Template("/taxonomy/term/{name}/0/feed"),
    Template("/?q=taxonomy/term/{name}/feed"),
)

PRESETS: Mapping[str, Preset] = {
    "wordpress": Preset(
        _wordpress_home(),
        {
            "categories": Archive(_wordpress_archive("category_name", "cat"), "/category", by_slug=True, nested=True),
            "tags": Archive(_wordpress_archive("tag", "tag_id"), "/tag"),
            "authors": Archive(_wordpress_archive("author_name", "author"), "/author"),
        },
        _WORDPRESS_PARAMETERS,
    ),
    "ghost": Preset(
        (Template("/rss/", usual=True), Template("/feed/")),
        {"tags": Archive(_GHOST, "/tag", by_slug=True), "authors": Archive(_GHOST, "/author")},
    ),
    "hugo": Preset(
        (Template("/index.xml", usual=True),),
        {
            "sections": Archive(_HUGO, by_slug=True),
            "categories": Archive(_HUGO, "/categories", by_slug=True),
            "tags": Archive(_HUGO, "/tags"),
            "authors": Archive(_HUGO, "/authors"),
        },
    ),
    "drupal": Preset(
        (
            Template("/rss.xml", usual=True),
            Template("/node/feed"),
            Template("/?q=rss.xml"),
            Template("/?q=node/feed"),
        ),
        {"terms": Archive(_DRUPAL)},
        ("q", "page"),
    ),
}
