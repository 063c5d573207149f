"""The statements that fill WordPress' own tables, as many posts as wanted in one."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from benchmarks import newsroom
from benchmarks.sources import bodies
from tests.support.wordpress import PREFIX

NEWEST = 1_000_000
"""The ID of story 0; older ones have lower numbers."""

APART = timedelta(minutes=10)
CATEGORIES, TAGS, AUTHORS, PICTURES = 10, 300, 20, 50
FIRST_CATEGORY, FIRST_TAG, FIRST_AUTHOR, FIRST_PICTURE = 1_001, 2_001, 101, 101

COUNT = (
    f"UPDATE {PREFIX}term_taxonomy x SET count = (SELECT COUNT(*) FROM {PREFIX}term_relationships r"
    " WHERE r.term_taxonomy_id = x.term_taxonomy_id)"
)
"""Counts posts by term, as WordPress does when it publishes."""


def before() -> Iterator[str]:
    """Yields the statements that write categories (one for each section), tags, people and pictures."""
    slugs = newsroom.slugs(CATEGORIES)
    named = [(FIRST_CATEGORY + n, "category", slug, slug.title()) for n, slug in enumerate(slugs)]
    named += [(FIRST_TAG + n, "post_tag", f"tag-{n:03}", f"Tag {n:03}") for n in range(TAGS)]
    for id, taxonomy, slug, name in named:
        yield f"INSERT INTO {PREFIX}terms (term_id, name, slug) VALUES ({id}, '{name}', '{slug}')"
        yield (
            f"INSERT INTO {PREFIX}term_taxonomy (term_taxonomy_id, term_id, taxonomy) VALUES ({id}, {id}, '{taxonomy}')"
        )
    yield from _people_and_pictures()


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


def posts(first: int, last: int, started: datetime) -> Iterator[str]:
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
