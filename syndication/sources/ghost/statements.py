"""The statements for Ghost's tables, in the words of MySQL (MariaDB too) and of SQLite.

``updated_at`` decides nothing: unpublishing many posts, a renamed tag and a caption do not move it. What is compared is
a digest of all that a feed shows of a post. MySQL sends the digest of it, SQLite, which knows none, the values.
"""

from typing import Final

_PUBLISHED: Final = "p.type = 'post' AND p.status = 'published'"
"""``sent`` posts went out by e-mail alone and are never on the site."""

_SHOWN: Final = (
    "p.slug, p.title, {html}, p.visibility, p.published_at, p.created_at, p.updated_at, p.custom_excerpt,"
    " m.meta_description, p.feature_image, m.feature_image_alt, m.feature_image_caption"
)

_TAGS: Final = "FROM posts_tags x JOIN tags t ON t.id = x.tag_id WHERE x.post_id = p.id"
_AUTHORS: Final = "FROM posts_authors x JOIN users u ON u.id = x.author_id WHERE x.post_id = p.id"
_ORDER: Final = "ORDER BY x.sort_order, x.id"

_MYSQL: Final = (
    f"MD5(JSON_ARRAY({_SHOWN.format(html='MD5(p.html)')},"
    f" (SELECT GROUP_CONCAT(JSON_ARRAY(t.name, t.slug, t.visibility) {_ORDER}) {_TAGS}),"
    f" (SELECT GROUP_CONCAT(JSON_ARRAY(u.name, u.slug) {_ORDER}) {_AUTHORS})))"
)
_SQLITE: Final = (
    f"json_array({_SHOWN.format(html='p.html')},"
    f" (SELECT group_concat(found) FROM (SELECT json_array(t.name, t.slug, t.visibility) AS found {_TAGS} {_ORDER})),"
    f" (SELECT group_concat(found) FROM (SELECT json_array(u.name, u.slug) AS found {_AUTHORS} {_ORDER})))"
)

FINGERPRINTS: Final = {
    # By the index (type, status, updated_at), which holds the id too: no row is read.
    "mysql": f"SELECT CONCAT_WS(' ', COUNT(*), BIT_XOR(CRC32(p.id)), SUM(CRC32(p.id))) FROM posts p WHERE {_PUBLISHED}",
    "sqlite": f"SELECT group_concat(id, ' ') FROM (SELECT p.id FROM posts p WHERE {_PUBLISHED} ORDER BY p.id)",
}

PUBLIC_IDS: Final = f"SELECT p.id FROM posts p WHERE {_PUBLISHED}"

_ROWS: Final = {
    dialect: f"SELECT p.id AS id, p.published_at AS published_at, {digest} AS digest"
    " FROM posts p LEFT JOIN posts_meta m ON m.post_id = p.id"
    for dialect, digest in (("mysql", _MYSQL), ("sqlite", _SQLITE))
}


def window(dialect: str) -> str:
    """Returns the statement for the newest ``:count`` posts, in any order.

    The ids are found first, so that only those rows are read whole; to sort these, MySQL would write them to a disk.
    """
    newest = (
        f"(SELECT p.id FROM posts p WHERE {_PUBLISHED} ORDER BY p.published_at DESC, p.id DESC LIMIT :count) newest"
    )
    return _ROWS[dialect].replace("FROM posts p LEFT", f"FROM {newest} JOIN posts p ON p.id = newest.id LEFT", 1)


def chosen(dialect: str) -> str:
    """Returns the statement for the digests of the posts ``:ids``."""
    return f"{_ROWS[dialect]} WHERE {_PUBLISHED} AND p.id IN :ids"


def page(dialect: str) -> str:
    """Returns the statement for ``:count`` posts after the id ``:after``, in the order of their ids."""
    return f"{_ROWS[dialect]} WHERE {_PUBLISHED} AND p.id > :after ORDER BY p.id LIMIT :count"


SECTION_WINDOW: Final = (
    "SELECT DISTINCT p.id, p.published_at FROM posts_tags x JOIN posts p ON p.id = x.post_id"
    f" WHERE x.tag_id IN :tags AND {_PUBLISHED} ORDER BY p.published_at DESC, p.id DESC LIMIT :count"
)

TAGS: Final = "SELECT id, name, slug, visibility FROM tags"

POSTS: Final = (
    "SELECT p.id, p.slug, p.title, p.html, p.visibility, p.published_at, p.created_at, p.updated_at,"
    " p.custom_excerpt AS excerpt, m.meta_description AS description, p.feature_image AS image,"
    " m.feature_image_alt AS image_alt, m.feature_image_caption AS image_caption"
    f" FROM posts p LEFT JOIN posts_meta m ON m.post_id = p.id WHERE {_PUBLISHED} AND p.id IN :ids"
)
POST_TAGS: Final = (
    "SELECT x.post_id, t.name, t.slug, t.visibility FROM posts_tags x JOIN tags t ON t.id = x.tag_id"
    f" WHERE x.post_id IN :ids {_ORDER}"
)
POST_AUTHORS: Final = (
    "SELECT x.post_id, u.name, u.slug FROM posts_authors x JOIN users u ON u.id = x.author_id"
    f" WHERE x.post_id IN :ids {_ORDER}"
)

STATUS: Final = "SELECT type, status, visibility FROM posts WHERE id = :id"
