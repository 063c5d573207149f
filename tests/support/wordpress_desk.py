"""What a newsroom's desk does in WordPress, as PHP for ``WordPress.do``."""

import json

from tests.support.wordpress import PREFIX, WordPress

# Every act finds a change time far in the past, and may leave it there.
DESK = """
define('PIXELS', 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAFUlEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAA'
    . 'ABJRU5ErkJggg==');
function category($name, $parent = 0, $slug = '') {
    $found = get_term_by('name', $name, 'category');
    return $found ? $found->term_id
        : wp_insert_term($name, 'category', ['parent' => $parent, 'slug' => $slug])['term_id'];
}
function story($more = []) {
    global $wpdb;
    $ann = get_user_by('login', 'ann') ?: get_user_by('id', wp_insert_user(['user_login' => 'ann', 'user_pass' => 'x',
        'display_name' => 'Ann Reporter', 'role' => 'author']));
    $id = wp_insert_post($more + ['post_title' => 'Ferries & “trains” stop', 'post_status' => 'publish',
        'post_author' => $ann->ID, 'post_category' => [category('World')], 'tags_input' => ['ferries', 'AT&T'],
        'post_date' => '2026-03-14 08:00:00',
        'post_content' => "<!-- wp:paragraph -->\\n<p>All night \\"long\\".</p>\\n<!-- /wp:paragraph -->\\n[gallery]"]);
    $wpdb->query("UPDATE $wpdb->posts
        SET post_modified = '2026-03-14 08:00:00', post_modified_gmt = '2026-03-14 00:00:00'
        WHERE post_status = 'publish'");
    return $id;
}
function picture($post, $name = 'ferry', $mime = 'image/png') {
    $file = wp_upload_bits("$name.png", null, base64_decode(PIXELS));
    $id = wp_insert_attachment(['post_title' => $name, 'post_mime_type' => $mime, 'post_status' => 'inherit',
        'post_excerpt' => 'A <em>ferry</em> &amp; a quay', 'guid' => $file['url']], $file['file'], $post);
    $path = _wp_relative_upload_path($file['file']);
    wp_update_attachment_metadata($id, ['width' => 2, 'height' => 3, 'file' => $path]);
    update_post_meta($id, '_wp_attachment_image_alt', 'Ferry at night');
    set_post_thumbnail($post, $id);
    return $id;
}
function author() { return get_user_by('login', 'ann')->ID; }
"""

EMPTY = [f"DELETE FROM {PREFIX}{table}" for table in ("posts", "postmeta", "term_relationships")] + [
    f"DELETE FROM {PREFIX}terms WHERE term_id > 1",
    f"DELETE FROM {PREFIX}term_taxonomy WHERE term_id > 1",
    f"UPDATE {PREFIX}term_taxonomy SET count = 0",
    f"DELETE FROM {PREFIX}users WHERE ID > 1",
]

# The rules are written anew only if they changed: that takes a second.
PERMALINKS = (
    "global $wp_rewrite; if (get_option('permalink_structure') !== '{0}')"
    " {{ $wp_rewrite->set_permalink_structure('{0}'); flush_rewrite_rules(); }}"
)

POST = "$p = story();"
PICTURED = f"{POST} $picture = picture($p);"
SCHEDULED = "$p = story(['post_status' => 'future', 'post_date' => '2036-03-14 08:00:00']);"


def open_desk(site: WordPress) -> None:
    """Makes the functions of the desk known, and lets WordPress' own feed hold all posts of a test."""
    site.do(DESK + "update_option('posts_per_rss', 100); return 1;")


def clear(site: WordPress) -> None:
    """Empties the site, as before any act."""
    for statement in EMPTY:
        site.sql(statement)
    site.do(f"{PERMALINKS.format('/%year%/%monthnum%/%postname%/')} delete_option('sticky_posts'); return 1;")


def half_written(site: WordPress, date: str = "2026-03-14 08:30:00") -> str:
    """Inserts a post as WordPress does first: without terms and guid."""
    row = {"post_title": "Half", "post_name": "half", "post_status": "publish", "post_content": "A text", "guid": ""}
    row |= dict.fromkeys(("post_date", "post_date_gmt", "post_modified", "post_modified_gmt"), date)
    row |= dict.fromkeys(("post_excerpt", "to_ping", "pinged", "post_content_filtered"), "")
    php = f"global $wpdb; $wpdb->insert($wpdb->posts, json_decode('{json.dumps(row)}', true)); return $wpdb->insert_id;"
    return str(site.do(php))


def finish(site: WordPress, id: str) -> str:
    """Writes what WordPress writes last."""
    site.do(f"global $wpdb; wp_set_post_categories({id}, [category('World')]); $wpdb->update($wpdb->posts,"
            f" ['guid' => get_permalink({id})], ['ID' => {id}]); return 1;")  # fmt: skip
    return site.sql(f"SELECT guid FROM {PREFIX}posts WHERE ID = {id}")[0][0]
