"""Acts of a newsroom in WordPress, each with what is done before the first look and after it, as PHP."""

from collections.abc import Iterable
from typing import Any

from tests.support.wordpress import WordPress
from tests.support.wordpress_copy import public
from tests.support.wordpress_desk import PERMALINKS, PICTURED, POST, SCHEDULED

ACTS = {
    "published": ("", "story();"),
    "published from a draft by code, with zero dates": (
        "$p = wp_insert_post(['post_title' => 'Draft', 'post_content' => 'Text', 'post_status' => 'draft',"
        " 'post_category' => [category('World')]]);",
        "wp_publish_post($p);",
    ),
    "title edited": (POST, "wp_update_post(['ID' => $p, 'post_title' => 'Ferries sail <em>again</em>']);"),
    "text edited twice in a second": (
        POST,
        "wp_update_post(['ID' => $p, 'post_content' => 'One']); wp_update_post(['ID' => $p, 'post_content' => 'Two']);",
    ),
    "excerpt written": (POST, "wp_update_post(['ID' => $p, 'post_excerpt' => 'In <b>short</b> & good.']);"),
    "slug changed": (POST, "wp_update_post(['ID' => $p, 'post_name' => 'another-address']);"),
    "date changed": (
        POST,
        "wp_update_post(['ID' => $p, 'post_date' => '2026-02-01 10:00:00',"
        " 'post_date_gmt' => '2026-02-01 02:00:00', 'edit_date' => true]);",
    ),
    "protected by a password": (POST, "wp_update_post(['ID' => $p, 'post_password' => 'secret']);"),
    "password taken away": (
        "$p = story(['post_password' => 'secret']);",
        "wp_update_post(['ID' => $p, 'post_password' => '']);",
    ),
    "made private": (POST, "wp_update_post(['ID' => $p, 'post_status' => 'private']);"),
    "back to draft": (POST, "wp_update_post(['ID' => $p, 'post_status' => 'draft']);"),
    "put in the trash": (POST, "wp_trash_post($p);"),
    "out of the trash and published again": (
        f"{POST} wp_trash_post($p);",
        "wp_untrash_post($p); wp_publish_post($p);",
    ),
    "deleted for good": (POST, "wp_delete_post($p, true);"),
    "gone live by cron": (
        f"{SCHEDULED} global $wpdb; $wpdb->query(\"UPDATE $wpdb->posts SET post_date = '2026-03-14 08:00:00',"
        " post_date_gmt = '2026-03-14 00:00:00' WHERE ID = $p\");",
        "check_and_publish_future_post($p);",
    ),
    "postponed": (
        POST,
        "wp_update_post(['ID' => $p, 'post_date' => '2036-03-14 08:00:00',"
        " 'post_date_gmt' => '2036-03-14 00:00:00', 'edit_date' => true, 'post_status' => 'future']);",
    ),
    "category set": (POST, "wp_set_post_categories($p, [category('Sport')]);"),
    "category below a section's set": (POST, "wp_set_post_categories($p, [category('Rowing', category('Sport'))]);"),
    "category renamed to a section's name": (
        "$p = story(['post_category' => [category('Culture')]]);",
        "wp_update_term(category('Culture'), 'category', ['name' => 'Sport', 'slug' => 'sport']);",
    ),
    "category moved below another": (
        "category('Sport'); $p = story(['post_category' => [category('Rowing')]]);",
        "wp_update_term(category('Rowing'), 'category', ['parent' => category('Sport')]);",
    ),
    "category deleted": (POST, "wp_delete_term(category('World'), 'category');"),
    "tag added": (POST, "wp_set_post_tags($p, ['strike'], true);"),
    "tag renamed": (
        POST,
        "wp_update_term(get_term_by('slug', 'ferries', 'post_tag')->term_id, 'post_tag', ['name' => 'Boats']);",
    ),
    "tag deleted": (POST, "wp_delete_term(get_term_by('slug', 'ferries', 'post_tag')->term_id, 'post_tag');"),
    "featured image set": (POST, "picture($p);"),
    "featured image changed": (PICTURED, "picture($p, 'train');"),
    "featured image taken away": (PICTURED, "delete_post_thumbnail($p);"),
    "featured image deleted": (PICTURED, "wp_delete_attachment($picture, true);"),
    "caption changed": (PICTURED, "wp_update_post(['ID' => $picture, 'post_excerpt' => 'Another quay']);"),
    "alt text changed": (PICTURED, "update_post_meta($picture, '_wp_attachment_image_alt', 'By day');"),
    "image size changed": (
        PICTURED,
        "$m = wp_get_attachment_metadata($picture); $m['width'] = 640; wp_update_attachment_metadata($picture, $m);",
    ),
    "author renamed": (POST, "wp_update_user(['ID' => author(), 'display_name' => 'Ann B. Reporter']);"),
    "author changed": (POST, "wp_update_post(['ID' => $p, 'post_author' => 1]);"),
    "enclosure added": (
        POST,
        "add_post_meta($p, 'enclosure', \"https://daily.example/ferry.mp3\\n1234\\naudio/mpeg\\n\");",
    ),
    "reusable block changed": (
        "$b = wp_insert_post(['post_type' => 'wp_block', 'post_status' => 'publish', 'post_title' => 'B',"
        " 'post_content' => '<p>Before</p>']);"
        " $p = story(['post_content' => '<!-- wp:block {\"ref\":' . $b . '} /-->']);",
        "wp_update_post(['ID' => $b, 'post_content' => '<p>After</p>']);",
    ),
    "permalinks of the site changed": (
        POST,
        PERMALINKS.format("/news/%post_id%/"),
    ),
    "old posts imported": (
        POST,
        "for ($i = 0; $i < 3; $i++) wp_insert_post(['post_title' => \"Old $i\", 'post_content' => 'Old',"
        " 'post_status' => 'publish', 'post_date' => \"2009-01-0$i 08:00:00\", 'import_id' => 9000 + $i]);",
    ),
    "edited in bulk in the list of posts": (
        f"{POST} $b = story(); $c = story();",
        "wp_set_current_user(1); bulk_edit_posts(['post' => [$p, $b], '_status' => '-1', 'post_author' => -1,"
        " 'post_category' => [category('Sport')], 'tax_input' => ['post_tag' => 'strike'], 'post_type' => 'post']);"
        " wp_set_current_user(0);",
    ),
    "unpublished in bulk in the list of posts": (
        f"{POST} $b = story(); $c = story();",
        "wp_set_current_user(1); bulk_edit_posts(['post' => [$p, $b], '_status' => 'draft', 'post_author' => -1,"
        " 'post_type' => 'post']); wp_set_current_user(0);",
    ),
    "author deleted and posts given to another": (POST, "wp_delete_user(author(), 1);"),
    "author deleted with all posts": (f"{POST} story(['post_author' => 1]);", "wp_delete_user(author());"),
    "bulk unpublished by SQL": (
        f"{POST} story(); story();",
        "global $wpdb; $wpdb->query(\"UPDATE $wpdb->posts SET post_status = 'draft' WHERE post_type = 'post'\");",
    ),
    "title changed by SQL": (
        POST,
        "global $wpdb; $wpdb->query(\"UPDATE $wpdb->posts SET post_title = 'By hand' WHERE ID = $p\");",
    ),
    "category changed by SQL": (
        f"{POST} $c = get_term(category('Sport'), 'category')->term_taxonomy_id;",
        "global $wpdb; $wpdb->query(\"UPDATE $wpdb->term_relationships SET term_taxonomy_id = $c"
        " WHERE object_id = $p LIMIT 1\");",
    ),
}  # fmt: skip
"""What is done before the first look, and after it, by name. Each changes what the public sees."""

SILENT = {
    "saved unchanged": (POST, "wp_update_post(['ID' => $p]);"),
    "made sticky": (POST, "stick_post($p);"),
    "draft written": ("", "story(['post_status' => 'draft']);"),
    "scheduled": ("", SCHEDULED),
    "scheduled post overdue because cron is late": (
        SCHEDULED,
        "global $wpdb; $wpdb->query(\"UPDATE $wpdb->posts SET post_date = '2026-03-14 08:00:00',"
        " post_date_gmt = '2026-03-14 00:00:00' WHERE ID = $p\");",
    ),
    "page published": (
        "",
        "wp_insert_post(['post_type' => 'page', 'post_title' => 'About', 'post_status' => 'publish']);",
    ),
    "revision and comment written": (
        POST,
        "wp_save_post_revision($p); wp_insert_comment(['comment_post_ID' => $p, 'comment_content' => 'Hm']);",
    ),
}
"""Acts of which the public sees nothing."""


def sections(names: Iterable[str]) -> set[str]:
    """Where categories lead here, written down by hand."""
    return {
        found
        for name in names
        for found in {"World": ["world"], "Sport": ["sport"], "Rowing": ["rowing"]}.get(name, [])
    }


def expected(site: WordPress) -> dict[str, Any]:
    """Returns what WordPress shows anybody now, as articles, by guid."""
    shown = public(site, sections)
    rowing_below_sport = site.do("$t = get_term_by('name', 'Rowing', 'category'); return $t ? $t->parent : 0;")
    for one in shown.values():
        if "rowing" in one["sections"]:
            one["sections"] = {"sport"} if rowing_below_sport else set()
    return shown
