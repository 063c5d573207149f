"""The acts of tests/service/sources/wordpress, done on a WordPress with some other posts."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.sources.watcher import Story, story
from tests.support.wordpress import PREFIX, WordPress
from tests.support.wordpress_acts import ACTS, expected
from tests.support.wordpress_desk import PERMALINKS, clear, open_desk

OTHERS = 20
"""Posts that no act touches: when most posts vanish at once, the source is held, as it should be."""

BEFORE = f"""
for ($i = 0; $i < {OTHERS}; $i++) $post = wp_insert_post(['post_title' => "Other $i", 'post_content' => "Text $i",
    'post_status' => 'publish', 'post_author' => 1, 'post_date' => '2026-03-13 08:00:00',
    'post_category' => [category('News')]]);
return [$post, category('News')];
"""
"""Writes them with a category of their own; returns the last ID of a post and of a term."""

HELD = ("bulk unpublished by SQL",)
QUICK = ("published", "gone live by cron")


class WordPressActs:
    """``source`` is the [[source]] for the configuration."""

    sections = ("world", "sport")

    def __init__(self, site: WordPress, source: str, *, quick: bool) -> None:
        self._site = site
        self._source = source
        self._quick = quick
        open_desk(site)
        self._last = [int(number) for number in site.do(BEFORE)]

    def names(self) -> Sequence[str]:
        """Returns the acts, without those after which the source is held."""
        return QUICK if self._quick else [name for name in ACTS if name not in HELD]

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        return self._source

    def prepare(self, name: str) -> None:
        """Deletes what the act before left, and does what comes before this one."""
        post, term = self._last
        for table, condition in {
            "posts": f"ID > {post}",
            "postmeta": f"post_id > {post}",
            "term_relationships": f"object_id > {post}",
            "terms": f"term_id > {term}",
            "term_taxonomy": f"term_id > {term}",
            "users": "ID > 1",
        }.items():
            self._site.sql(f"DELETE FROM {PREFIX}{table} WHERE {condition}")
        self._site.do(f"{PERMALINKS.format('/%year%/%monthnum%/%postname%/')} return 1;")
        self._site.do(f"global $p, $b, $c, $picture; {ACTS[name][0]} return 1;")

    def do(self, name: str) -> None:
        """Does the act."""
        self._site.do(f"global $p, $b, $c, $picture; {ACTS[name][1]} return 1;")

    def shown(self) -> Mapping[str, Story]:
        """Returns what WordPress' REST API and its feed show, by guid."""
        return {guid: _story(values) for guid, values in expected(self._site).items()}

    def change_times(self) -> Mapping[str, str]:
        """Returns the change time of each post."""
        times = f"SELECT ID, CAST(post_modified_gmt AS CHAR) FROM {PREFIX}posts WHERE post_type = 'post'"
        return {str(id): moment for id, moment in self._site.sql(times)}

    def end(self) -> None:
        """Empties the site."""
        clear(self._site)


def _story(values: Mapping[str, Any]) -> Story:
    named = {name: values[name] for name in ("link", "title", "html", "authors", "sections", "tags")}
    image = values["image"]
    return story(
        **named,
        image=image[0] if image else None,
        files=[url for url, _ in values["enclosures"]],
        published=values["published"],
    )
