"""Debian's WordPress on MariaDB, with as many posts as wanted: terms, authors and pictures as a newsroom has them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks import newsroom
from benchmarks.options import Options
from benchmarks.sources import bodies
from benchmarks.sources.cms import Act, Acts, Other
from benchmarks.sources.usage import MariaDbMeter, polling
from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.model.values import Section
from syndication.sources.wordpress.reader import WordPressReader
from tests.support.wordpress import PREFIX, READER, WordPress, running_wordpress
from tests.support.wordpress_acts import ACTS, expected
from tests.support.wordpress_copy import Copy
from tests.support.wordpress_desk import clear, open_desk

NEWEST = 1_000_000
"""The ID of story 0; older ones have lower numbers."""

APART = timedelta(minutes=10)
CATEGORIES, TAGS, AUTHORS, PICTURES = 10, 300, 20, 50
FIRST_CATEGORY, FIRST_TAG, FIRST_AUTHOR, FIRST_PICTURE = 1_001, 2_001, 101, 101
QUICK_ACTS = ("published", "author renamed", "deleted for good", "gone live by cron")
ZONE = ZoneInfo("Asia/Taipei")


class WordPressCms:
    """A site; everything that the desk does goes through WordPress' own functions."""

    name = "WordPress"

    def __init__(
        self,
        site: WordPress,
        meter: MariaDbMeter,
        meter_of_the_site: MariaDbMeter,
        ask: Callable[[str], object],
        options: Options,
    ) -> None:
        self._site = site
        self._ask = ask
        self._options = options
        self._filled = False
        self.meter = meter
        self._meter_of_the_site = meter_of_the_site
        self.acts: Acts | None = self._acts
        self._started = datetime.now(ZONE)

    def fill(self, first: int, last: int) -> None:
        """Writes posts with terms and a picture each, by SQL."""
        if not self._filled:
            self._write_terms()
            self._filled = True
        for start in range(first, last, bodies.AT_ONCE):
            for statement in _posts(start, min(last, start + bodies.AT_ONCE) - 1, self._started):
                self._site.sql(statement)
        self._site.sql(
            f"UPDATE {PREFIX}term_taxonomy x SET count = (SELECT COUNT(*) FROM {PREFIX}term_relationships r"
            " WHERE r.term_taxonomy_id = x.term_taxonomy_id)"
        )

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        values = {"url": self._site.url, "database": self._site.database, "prefix": PREFIX, "kind": "wordpress"}
        lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
        return f'[[source]]\nname = "cms"\nallow_private = true\n{lines}'

    def reader(self, sections: Mapping[str, Section]) -> "closing[WordPressReader]":
        """Opens the reader of this source."""
        table = {"name": "cms", "kind": "wordpress", "url": self._site.url, "allow_private": True, "prefix": PREFIX}
        settings = WordPressSource.model_validate(table | {"database": self._site.database})
        return closing(WordPressReader(settings, list(sections.values())))

    def draft(self, title: str) -> str:
        """Writes a draft in the first category."""
        values = f"'post_title' => '{title}', 'post_content' => '<p>More soon.</p>', 'post_status' => 'draft'"
        return str(self._site.do(f"return wp_insert_post([{values}, 'post_category' => [{FIRST_CATEGORY}]]);"))

    def publish(self, id: str) -> None:
        """Publishes as the editor does, which sets the date."""
        self._site.do(f"return wp_update_post(['ID' => {id}, 'post_status' => 'publish']);")

    def withdraw(self, id: str) -> None:
        """Makes a draft of a post again."""
        self._site.do(f"return wp_update_post(['ID' => {id}, 'post_status' => 'draft']);")

    def others(self) -> Mapping[str, Other]:
        """Returns two polls of the table, and one request for WordPress' own feed."""
        public = f"FROM {PREFIX}posts WHERE post_type = 'post' AND post_status = 'publish'"
        changed = f"SELECT * {public} AND post_modified_gmt > UTC_TIMESTAMP()"
        return {
            "WHERE post_modified_gmt > x": Other(self.meter, lambda: self._ask(changed)),
            "all ids with change times": Other(self.meter, lambda: self._ask(f"SELECT ID, post_modified_gmt {public}")),
            "WordPress' own feed, once": Other(self._meter_of_the_site, lambda: self._site.get("/feed/")),
        }

    def _write_terms(self) -> None:
        slugs = newsroom.slugs(CATEGORIES)
        named = [(FIRST_CATEGORY + n, "category", slug, slug.title()) for n, slug in enumerate(slugs)]
        named += [(FIRST_TAG + n, "post_tag", f"tag-{n:03}", f"Tag {n:03}") for n in range(TAGS)]
        for id, taxonomy, slug, name in named:
            self._site.sql(f"INSERT INTO {PREFIX}terms (term_id, name, slug) VALUES ({id}, '{name}', '{slug}')")
            self._site.sql(
                f"INSERT INTO {PREFIX}term_taxonomy (term_taxonomy_id, term_id, taxonomy)"
                f" VALUES ({id}, {id}, '{taxonomy}')"
            )
        for statement in _people_and_pictures():
            self._site.sql(statement)
        bodies.write(self._site.sql, self._options)

    def _acts(self) -> Sequence[Act]:
        open_desk(self._site)
        names = QUICK_ACTS if self._options.quick else ACTS
        try:
            return [self._act(name, *ACTS[name]) for name in names]
        finally:
            clear(self._site)

    def _act(self, name: str, before: str, act: str) -> Act:
        """Does one act on an empty site, and compares the articles with what WordPress shows afterwards."""
        clear(self._site)
        copy = Copy(self._site)
        with closing(copy.reader):
            self._site.do(f"global $p, $b, $c, $picture; {before} return 1;")
            copy.look()
            times = self._change_times()
            self._site.do(f"global $p, $b, $c, $picture; {act} return 1;")
            moved = any(times.get(id) != time for id, time in self._change_times().items())
            copy.look()
            return Act(name, copy.held() == expected(self._site), moved)

    def _change_times(self) -> dict[int, str]:
        """Returns the change time of each post, public or not."""
        return dict(
            self._site.sql(f"SELECT ID, CAST(post_modified_gmt AS CHAR) FROM {PREFIX}posts WHERE post_type = 'post'")
        )


def _people_and_pictures() -> Iterator[str]:
    yield (
        f"INSERT INTO {PREFIX}users (ID, user_login, user_nicename, display_name, user_registered)"
        f" SELECT seq, CONCAT('writer-', seq), CONCAT('writer-', seq), CONCAT('Writer ', seq), NOW()"
        f" FROM seq_{FIRST_AUTHOR}_to_{FIRST_AUTHOR + AUTHORS - 1}"
    )
    pictures = f"seq_{FIRST_PICTURE}_to_{FIRST_PICTURE + PICTURES - 1}"
    yield (
        f"INSERT INTO {PREFIX}posts (ID, post_author, post_date, post_date_gmt, post_modified, post_modified_gmt,"
        " post_title, post_excerpt, post_status, post_name, guid, post_type, post_mime_type)"
        " SELECT seq, 1, NOW(), NOW(), NOW(), NOW(), CONCAT('Picture ', seq), 'A quay at night', 'inherit',"
        " CONCAT('picture-', seq), CONCAT('https://daily.example/', seq, '.jpg'), 'attachment', 'image/jpeg'"
        f" FROM {pictures}"
    )
    fields = {"_wp_attached_file": "CONCAT('2026/03/', seq, '.jpg')", "_wp_attachment_image_alt": "'A ferry'"}
    for field, value in fields.items():
        yield (
            f"INSERT INTO {PREFIX}postmeta (post_id, meta_key, meta_value)"
            f" SELECT seq, '{field}', {value} FROM {pictures}"
        )


def _posts(first: int, last: int, started: datetime) -> Iterator[str]:
    """Yields the statements that write these posts: a category, two tags, a picture and a writer each."""
    numbers = f"seq_{first}_to_{last}"
    local = f"TIMESTAMP('{started:%Y-%m-%d %H:%M:%S}') - INTERVAL {int(APART.total_seconds())} * seq SECOND"
    utc = f"({local}) - INTERVAL 8 HOUR"
    yield (
        f"INSERT INTO {PREFIX}posts (ID, post_author, post_date, post_date_gmt, post_modified, post_modified_gmt,"
        " post_content, post_title, post_excerpt, post_status, post_name, guid, post_type)"
        f" SELECT {NEWEST} - seq, {FIRST_AUTHOR} + seq % {AUTHORS}, {local}, {utc}, {local}, {utc}, body,"
        " CONCAT(title, ' ', seq), summary, 'publish', CONCAT('story-', seq),"
        f" CONCAT('https://daily.example/?p=', {NEWEST} - seq), 'post' FROM {numbers}"
        f" JOIN {bodies.TABLE} ON n = seq % {bodies.NUMBER}"
    )
    for place in (
        f"{FIRST_CATEGORY} + seq % {CATEGORIES}", f"{FIRST_TAG} + seq * 7 % {TAGS}", f"{FIRST_TAG} + seq * 13 % {TAGS}",
    ):  # fmt: skip
        yield (
            f"INSERT IGNORE INTO {PREFIX}term_relationships (object_id, term_taxonomy_id)"
            f" SELECT {NEWEST} - seq, {place} FROM {numbers}"
        )
    picture = f"{FIRST_PICTURE} + seq % {PICTURES}"
    for field, value in {"_thumbnail_id": picture, "_edit_last": "1"}.items():
        yield (
            f"INSERT INTO {PREFIX}postmeta (post_id, meta_key, meta_value)"
            f" SELECT {NEWEST} - seq, '{field}', {value} FROM {numbers}"
        )


@contextmanager
def wordpress(options: Options) -> Iterator[WordPressCms]:
    """Starts WordPress and its database."""
    with (
        running_wordpress() as site,
        closing(MariaDbMeter(site.socket, READER)) as reader,
        closing(MariaDbMeter(site.socket, "root")) as root,
        polling(site.socket, "daily", READER, "secret") as ask,
    ):
        yield WordPressCms(site, reader, root, ask, options)
