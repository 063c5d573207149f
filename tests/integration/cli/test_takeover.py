"""``source takeover`` and ``config --check --old-feeds``, against a site that is asked over HTTP."""

import json

import pytest

from tests.support.old_site import configure, guid, link, old_site, publish, served_by_us
from tests.support.service import command


@pytest.fixture
def site():
    with old_site() as site:
        yield site


@pytest.fixture
def run(tmp_path, site):
    configure(tmp_path, site.url)
    assert run_in(tmp_path)("migrate").returncode == 0
    return run_in(tmp_path)


def run_in(folder):
    return lambda *arguments: command(*arguments, folder=folder, env={})


def import_feed(folder, run, site, path, section):
    (folder / "old.xml").write_bytes(site.answers[path][2])
    assert run("import", "--section", section, "old.xml").returncode == 0


def takeover(run, *arguments):
    return run("source", "takeover", "--allow-private", "--pause", "0", *arguments)


def whole_site(site):
    """A home page, two sections, and what else a site has."""
    site.page(
        "/", link("/feed/", "The Daily"), link("/comments/feed/", "Comments"),
        '<nav><a href="/category/asia/">Asia</a><a href="/tag/ferries/">Ferries</a></nav>',
        '<a href="/broken/">x</a><a href="https://elsewhere.example/">x</a>',
    )  # fmt: skip
    site.page("/category/asia/", link("/feed/"), link("/category/asia/feed/"), link("/category/asia/feed/atom/"))
    site.page("/tag/ferries/", link("/?feed=rss2&tag=ferries"), link("/tag/harbours/feed/"))
    site.feed("/feed/", 1, 2, 3, 4)
    site.feed("/comments/feed/", 900)
    site.feed("/category/asia/feed/", 1, 2)
    site.feed("/?feed=rss2&tag=ferries", 3, 4)
    site.feed("/tag/harbours/feed/", 4)
    site.page("/category/asia/feed/atom/", "Error establishing a database connection")


def test_each_old_feed_is_compared_id_for_id(tmp_path, site, run):
    whole_site(site)
    import_feed(tmp_path, run, site, "/category/asia/feed/", "world")
    site.feed("/imported", 4)
    import_feed(tmp_path, run, site, "/imported", "taiwan")
    publish(tmp_path)
    done = takeover(run, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["pages"], answer["unread"]) == (1, 3, [f"{site.url}/broken/: answered 404"])
    by_path = {feed["url"].removeprefix(site.url): feed for feed in answer["feeds"]}
    rows = {path: (f["goes_to"], f["agree"], f["entries"], f["best"]) for path, f in by_path.items()}
    assert rows == {
        "/feed/": ("/feeds/all.rss", 3, 4, None),
        "/comments/feed/": (None, 0, 1, None),
        "/category/asia/feed/": ("/feeds/world.rss", 2, 2, None),
        "/category/asia/feed/atom/": ("/feeds/world.atom", 0, 0, None),
        "/?feed=rss2&tag=ferries": ("/feeds/taiwan.rss", 1, 2, None),
        "/tag/harbours/feed/": (None, 0, 1, "taiwan"),
    }
    assert by_path["/feed/"]["missing"] == [{"id": guid(3), "title": "Story 3"}]
    assert by_path["/category/asia/feed/atom/"]["error"] == "answered with something that is no feed"
    assert by_path["/feed/"]["found_on"] == f"{site.url}/"
    assert sorted(site.asked) == sorted(set(site.asked)), "a page was asked for twice"


def test_the_table_says_where_each_feed_goes(tmp_path, site, run):
    whole_site(site)
    import_feed(tmp_path, run, site, "/category/asia/feed/", "world")
    publish(tmp_path)
    done = takeover(run)
    assert f"{site.url}: 6 feeds on 3 pages" in done.stdout
    assert f"{site.url}/category/asia/feed/\n  goes to /feeds/world.rss\n  2 of 2 ids agree\n" in done.stdout
    assert f"missing: {guid(3)}  (Story 3)" in done.stdout
    assert f"{site.url}/comments/feed/  (Comments)\n  not in the table" in done.stdout
    assert done.stderr == f"Not read: {site.url}/broken/: answered 404\n"


def test_a_site_whose_ids_all_agree_gets_exit_code_0(tmp_path, site, run):
    site.page("/", link("/feed/"))
    site.feed("/feed/", 1, 2)
    import_feed(tmp_path, run, site, "/feed/", "world")
    publish(tmp_path)
    done = takeover(run, site.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert takeover(run, f"{site.url}/feed/").returncode == 0, "an address of a feed is the only feed"


def test_a_feed_on_another_host_has_no_address_here(tmp_path, site, run):
    with old_site() as burner:
        burner.feed("/feed/", 1)
        site.page("/", link(burner.url.replace("127.0.0.1", "localhost") + "/feed/"))
        site.feed("/imported", 1)
        import_feed(tmp_path, run, site, "/imported", "world")
        publish(tmp_path)
        done = takeover(run)
    assert "on another host, localhost: have it read" in done.stdout and "has most of its stories" in done.stdout
    assert (done.returncode, json.loads(takeover(run, "--json").stdout)["feeds"][0]["other_host"]) == (1, "localhost")


def test_the_settings_show_where_each_old_address_leads(site, run):
    shown = run("config").stdout
    assert "old address /feed/ = /feeds/all.rss\n" in shown
    assert "old address /category/asia/feed/atom/ = /feeds/world.atom\n" in shown


def test_a_source_is_known_by_its_name(tmp_path, site, run):
    site.page("/", link("/feed/"))
    site.feed("/feed/")
    main = tmp_path / "config/syndication.toml"
    source = f'[[source]]\nname = "cms"\nkind = "sql"\nurl = "{site.url}"\nallow_private = true\n'
    source += 'database = "sqlite:///cms.db"\nids = "SELECT id, published_at FROM story"\n'
    source += 'articles = "SELECT * FROM story WHERE id IN :ids"\n'
    main.write_text(main.read_text() + source)
    publish(tmp_path)
    done = run("source", "takeover", "cms", "--pause", "0")
    assert done.stdout.startswith(f"{site.url}: 1 feed on 1 page\n"), done.stderr


def test_what_cannot_be_read_is_said_in_a_sentence(site, run):
    site.page("/", "no feeds")
    assert "No page names a feed." in takeover(run).stderr
    assert "answered 404" in takeover(run, f"{site.url}/nowhere").stderr
    assert "'nobody' is neither an address nor a source with one" in takeover(run, "nobody").stderr
    done = run("source", "takeover", site.url)
    assert done.returncode == 1 and "private" in done.stderr


REDIRECTING = """
[[section]]
slug = "world"
title = "World"
[[old_feed]]
address = "/rss.xml"
section = "world"
redirect = true
[[old_feed]]
address = "/?feed=atom"
section = "world"
format = "atom"
"""


def moved(tmp_path, site, base_url):
    configure(tmp_path, site.url, REDIRECTING)
    main = tmp_path / "config/syndication.toml"
    main.write_text(main.read_text().replace("https://feeds.daily.example", base_url))
    run = run_in(tmp_path)
    assert run("migrate").returncode == 0
    publish(tmp_path)
    return run


def test_old_addresses_that_lead_here_pass_the_check(tmp_path, site):
    run = moved(tmp_path, site, site.url)
    site.front = served_by_us(tmp_path)
    done = run("config", "--check", "--old-feeds")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 sections, 2 old addresses" in done.stdout or "2 sections, 2 old addresses" in done.stdout
    assert f"/rss.xml: redirects to {site.url}/feeds/world.rss.\n" in done.stdout
    assert f"/?feed=atom: serves {site.url}/feeds/world.atom.\n" in done.stdout


def test_a_circle_of_redirects_with_the_site_in_front_is_found(tmp_path, site):
    run = moved(tmp_path, site, site.url)
    front = served_by_us(tmp_path)
    site.redirect("/feeds/world.rss", "/rss.xml")  # As a CMS does that has been told where its feed was.
    site.front = lambda target, asked: None if target.startswith("/feeds/") else front(target, asked)
    done = run("config", "--check", "--old-feeds")
    assert done.returncode == 1
    assert "wrong  /rss.xml: redirects in a circle" in done.stderr and "1 old address does not" in done.stderr


def test_old_addresses_that_the_site_in_front_keeps_are_found(tmp_path, site):
    run = moved(tmp_path, site, "https://feeds.daily.example")
    site.feed("/rss.xml", 1)
    done = run("config", "--check", "--old-feeds")
    assert "/rss.xml: is answered by something else" in done.stderr and "/?feed=atom: answered 404" in done.stderr
    assert run("config", "--check").returncode == 0
    assert run("config", "--old-feeds").returncode == 2
