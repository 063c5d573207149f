"""The statements on WordPress' own tables. MySQL and MariaDB; each is answered by an index that every WordPress has."""

from dataclasses import dataclass

# post_status alone decides: WordPress may be late with a scheduled post, which is not public then though its time came.
# The columns are those of the key type_status_date (post_type, post_status, post_date, ID).
_PUBLISHED = "p.post_type = 'post' AND p.post_status = 'publish'"

OPTIONS = ("home", "siteurl", "permalink_structure", "category_base", "timezone_string", "gmt_offset")
"""What of the site's settings changes an address or a time of each post."""

_IMAGE_FIELDS = "'_wp_attached_file', '_wp_attachment_metadata', '_wp_attachment_image_alt'"


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements for tables with ``prefix``; ``users`` is the table of users, which a multisite network shares."""

    prefix: str
    users: str

    @property
    def options(self) -> str:
        """Returns the statement for the site's settings, as name and value."""
        names = ", ".join(f"'{name}'" for name in OPTIONS)
        return (
            "SELECT option_name AS name, CAST(option_value AS CHAR) AS value"
            f" FROM {self.prefix}options WHERE option_name IN ({names})"
        )

    @property
    def categories(self) -> str:
        """Returns the statement for all categories; ``place`` is what posts refer to."""
        return (
            "SELECT x.term_id, x.term_taxonomy_id AS place, x.parent, x.count AS posts, t.slug, t.name"
            f" FROM {self.prefix}term_taxonomy x JOIN {self.prefix}terms t ON t.term_id = x.term_id"
            " WHERE x.taxonomy = 'category' ORDER BY x.term_id"
        )

    @property
    def blocks(self) -> str:
        """Returns the statement for one digest of all reusable blocks, which posts show by reference."""
        return (
            "SELECT COALESCE(MD5(GROUP_CONCAT(b.ID, MD5(b.post_content) ORDER BY b.ID)), '')"
            f" FROM {self.prefix}posts b WHERE b.post_type = 'wp_block' AND b.post_status = 'publish'"
        )

    @property
    def fingerprint(self) -> str:
        """Returns the statement for one digest of (ID, date) of all published posts, from the index alone."""
        # Sums need no order and no memory. A product, because a sum would not see two posts swap their dates; CRC32
        # instead of MD5, which takes six times as long.
        return (
            "SELECT CONCAT_WS(' ', COUNT(*), SUM(p.ID), SUM(CRC32(p.post_date) * (p.ID % 4294967296)))"
            f" FROM {self.prefix}posts p WHERE {_PUBLISHED}"
        )

    @property
    def published_ids(self) -> str:
        """Returns the statement for the ID of each published post, from the index alone."""
        return f"SELECT p.ID AS id FROM {self.prefix}posts p WHERE {_PUBLISHED}"

    @property
    def protected_ids(self) -> str:
        """Returns the statement for published posts with a password. It reads every post: ten times as slow."""
        return f"{self.published_ids} AND p.post_password <> ''"

    def categories_in_window(self, count: int) -> str:
        """Returns the statement for how many of the newest posts each category has."""
        return (
            "SELECT r.term_taxonomy_id AS place, COUNT(*) AS posts"
            f" FROM (SELECT p.ID FROM {self.prefix}posts p WHERE {_PUBLISHED}"
            f" ORDER BY p.post_date DESC, p.ID DESC LIMIT {count}) w"
            f" JOIN {self.prefix}term_relationships r ON r.object_id = w.ID GROUP BY r.term_taxonomy_id"
        )

    def section_window(self, places: str, count: int) -> str:
        """Returns the statement for the newest posts of some categories; ``places`` are numbers with commas."""
        return (
            f"SELECT DISTINCT p.ID AS id, p.post_date FROM {self.prefix}term_relationships r"
            f" JOIN {self.prefix}posts p ON p.ID = r.object_id"
            f" WHERE r.term_taxonomy_id IN ({places}) AND {_PUBLISHED}"
            f" ORDER BY p.post_date DESC, p.ID DESC LIMIT {count}"
        )

    def new_posts(self, after: int, waiting: str) -> str:
        """Returns the statement for the highest ID, and for published posts without a guid, as numbers with commas.

        Of the posts after an ID, and of those in ``waiting`` (numbers with commas): some rows of the primary key.
        """
        chosen = f"(p.ID > {after} OR p.ID IN ({waiting}))" if waiting else f"p.ID > {after}"
        return (
            f"SELECT (SELECT MAX(ID) FROM {self.prefix}posts) AS newest, GROUP_CONCAT(p.ID) AS without_guid"
            f" FROM {self.prefix}posts p FORCE INDEX (PRIMARY) WHERE {chosen} AND {_PUBLISHED} AND p.guid = ''"
        )

    def window(self, count: int, more: str) -> str:
        """Returns the statement for the digests of the newest posts, and of ``more`` (numbers with commas)."""
        newest = (
            f"SELECT p.ID FROM {self.prefix}posts p WHERE {_PUBLISHED} ORDER BY p.post_date DESC, p.ID DESC"
            f" LIMIT {count}"
        )
        others = f" UNION SELECT p.ID FROM {self.prefix}posts p WHERE p.ID IN ({more}) AND {_PUBLISHED}"
        chosen = f"({newest}){others if more else ''}"
        return (
            f"SELECT {self._digest} FROM ({chosen}) w JOIN {self.prefix}posts p ON p.ID = w.ID"
            " ORDER BY p.post_date DESC, p.ID DESC"
        )

    def page(self, but: str) -> str:
        """Returns the statement for the digests of ``:count`` public posts after ``:after``, by the primary key.

        Without those of ``but`` (numbers with commas).
        """
        others = f" AND p.ID NOT IN ({but})" if but else ""
        return (
            f"SELECT {self._digest} FROM (SELECT p.ID FROM {self.prefix}posts p FORCE INDEX (PRIMARY)"
            f" WHERE p.ID > :after{others} AND {_PUBLISHED} AND p.post_password = '' ORDER BY p.ID LIMIT :count) w"
            f" JOIN {self.prefix}posts p ON p.ID = w.ID ORDER BY p.ID"
        )

    @property
    def posts(self) -> str:
        """Returns the statement for what the database knows of some public posts (``:ids``), without their texts."""
        return (
            "SELECT p.ID AS id, p.post_title AS title, p.post_excerpt AS excerpt, p.post_name AS slug, p.guid,"
            " CAST(p.post_date AS CHAR) AS date, CAST(p.post_date_gmt AS CHAR) AS date_gmt,"
            " CAST(p.post_modified_gmt AS CHAR) AS modified_gmt, u.user_nicename AS nicename,"
            " u.display_name, u.user_url"
            f" FROM {self.prefix}posts p LEFT JOIN {self.users} u ON u.ID = p.post_author"
            f" WHERE p.ID IN :ids AND {_PUBLISHED} AND p.post_password = ''"
        )

    @property
    def terms(self) -> str:
        """Returns the statement for categories, tags and co-authors of some posts (``:ids``), in WordPress' order."""
        return (
            "SELECT r.object_id AS id, x.taxonomy, x.term_id, t.name, t.slug"
            f" FROM {self.prefix}term_relationships r"
            f" JOIN {self.prefix}term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id"
            f" JOIN {self.prefix}terms t ON t.term_id = x.term_id"
            " WHERE r.object_id IN :ids AND x.taxonomy IN ('category', 'post_tag', 'author')"
            " ORDER BY r.object_id, r.term_order, t.name, t.term_id"
        )

    @property
    def enclosures(self) -> str:
        """Returns the statement for the enclosures of some posts (``:ids``)."""
        return (
            f"SELECT m.post_id AS id, m.meta_value AS value FROM {self.prefix}postmeta m"
            " WHERE m.post_id IN :ids AND m.meta_key = 'enclosure' ORDER BY m.meta_id"
        )

    @property
    def coauthors(self) -> str:
        """Returns the statement for users by ``:names``: Co-Authors Plus names terms after them."""
        return (
            f"SELECT u.user_nicename AS nicename, u.display_name, u.user_url FROM {self.users} u"
            " WHERE u.user_nicename IN :names"
        )

    @property
    def guest_authors(self) -> str:
        """Returns the statement for guests by ``:names``, which Co-Authors Plus keeps as posts of their own type."""
        return (
            f"SELECT g.post_name AS nicename, g.post_title AS display_name, '' AS user_url FROM {self.prefix}posts g"
            " WHERE g.post_type = 'guest-author' AND g.post_status = 'publish' AND g.post_name IN :names"
        )

    @property
    def status(self) -> str:
        """Returns the statement for where one post (``:id``) stands."""
        return (
            "SELECT p.post_type AS type, p.post_status AS status, p.post_password <> '' AS protected"
            f" FROM {self.prefix}posts p WHERE p.ID = :id"
        )

    @property
    def _digest(self) -> str:
        """Returns the columns id, protected, digest, and categories: the places with commas.

        The digest covers what a feed shows of a post. Not the modification time: it moves when nothing did.
        """
        parts = (
            "p.post_author", "p.post_title", "MD5(p.post_content)", "p.post_excerpt", "p.post_date", "p.post_date_gmt",
            "p.post_name", "p.guid", self._author, self._terms, self._meta, self._image,
        )  # fmt: skip
        texts = ", ".join(f"COALESCE({part}, '')" for part in parts)
        return (
            f"p.ID AS id, p.post_password <> '' AS protected, MD5(CONCAT_WS(CHAR(31), {texts})) AS digest,"
            f" LOCATE('<!-- wp:block ', p.post_content) > 0 AS blocks, {self._categories} AS categories"
        )

    @property
    def _author(self) -> str:
        return (
            "(SELECT CONCAT_WS(CHAR(30), u.display_name, u.user_nicename, u.user_url)"
            f" FROM {self.users} u WHERE u.ID = p.post_author)"
        )

    @property
    def _terms(self) -> str:
        return (
            "(SELECT GROUP_CONCAT(CONCAT_WS(CHAR(30), x.taxonomy, t.slug, t.name, r.term_order, x.description)"
            f" ORDER BY x.term_taxonomy_id) {self._of_post})"
        )

    @property
    def _categories(self) -> str:
        return f"(SELECT GROUP_CONCAT(x.term_id ORDER BY x.term_id) {self._of_post} AND x.taxonomy = 'category')"

    @property
    def _of_post(self) -> str:
        return (
            f"FROM {self.prefix}term_relationships r"
            f" JOIN {self.prefix}term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id"
            f" JOIN {self.prefix}terms t ON t.term_id = x.term_id WHERE r.object_id = p.ID"
        )

    @property
    def _meta(self) -> str:
        return (
            "(SELECT GROUP_CONCAT(CONCAT_WS(CHAR(30), m.meta_key, m.meta_value) ORDER BY m.meta_id)"
            f" FROM {self.prefix}postmeta m WHERE m.post_id = p.ID AND m.meta_key IN ('enclosure', '_thumbnail_id'))"
        )

    @property
    def _image(self) -> str:
        fields = (
            "SELECT GROUP_CONCAT(CONCAT_WS(CHAR(30), f.meta_key, f.meta_value) ORDER BY f.meta_id)"
            f" FROM {self.prefix}postmeta f WHERE f.post_id = a.ID AND f.meta_key IN ({_IMAGE_FIELDS})"
        )
        # The ID is kept as text: without the cast no index would find the picture.
        return (
            f"(SELECT CONCAT_WS(CHAR(30), a.guid, a.post_title, a.post_excerpt, a.post_status, ({fields}))"
            f" FROM {self.prefix}postmeta m JOIN {self.prefix}posts a ON a.ID = CAST(m.meta_value AS UNSIGNED)"
            " WHERE m.post_id = p.ID AND m.meta_key = '_thumbnail_id' ORDER BY m.meta_id LIMIT 1)"
        )
