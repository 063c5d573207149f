"""Looks at a feed over real HTTP, read by the importing parser in its own process."""

import gzip
import json
from contextlib import closing, contextmanager

import pytest
from structlog.testing import capture_logs

from syndication.config.source_schemas.feed import FeedSource
from syndication.importing.feed_reader import FeedFileReader
from syndication.model.values import Site
from syndication.sources.feed.client import LIMITS
from syndication.sources.feed.reader import FeedReader
from syndication.sources.http import HttpLimits
from syndication.sources.reader import SourceError
from tests.support.web_server import answer, serving

SITE = Site("The Daily", "https://feeds.daily.example", "https://daily.example", "daily.example", "2026-01-01")
NOON = 1_800_000_000.0
RSS = {"Content-Type": "application/rss+xml"}


def item(id, *, title="", categories=(), date="Thu, 14 Jan 2027 08:00:00 GMT", more=""):
    terms = "".join(f"<category>{one}</category>" for one in categories)
    date = date and f"<pubDate>{date}</pubDate>"
    return (
        f"<item><guid isPermaLink='false'>{id}</guid><title>{title or f'Story {id}'}</title>"
        f"<link>https://cms.example/{id}</link><description>Text of {id}</description>{terms}{date}{more}</item>"
    )


def rss(*items, head=""):
    return f"<rss version='2.0'><channel><title>CMS</title>{head}{''.join(items)}</channel></rss>".encode()


@pytest.fixture(scope="module", autouse=True)
def parser():
    """One process for all tests; without it, each look would start one."""
    with closing(FeedFileReader(LIMITS)) as Cms.parser:
        yield Cms.parser


class Cms:
    """What a server says next, and the source that reads it; ``now`` is its clock."""

    def __init__(self, server, **settings):
        self.server, self.now, self.bookmark = server, NOON, ""
        self.settings = {"url": f"{server.url}/feed", "allow_private": True} | settings
        self.restart()

    def restart(self, **settings):
        """A new process, which knows only what was stored."""
        self.settings |= settings
        table = FeedSource(name="cms", kind="feed", **self.settings)
        limits = HttpLimits(seconds=5, bytes=2_000_000)
        slugs = {"all stories": "all", "world news": "world", "rail": "rail"}
        self.reader = FeedReader(
            table, SITE, slugs, clock=lambda: self.now, chance=min, http_limits=limits, parser=Cms.parser
        )

    def look(self, **how):
        """Returns ids to articles, with what is removed under None, and the refused reasons by id."""
        try:
            with self.reader.look(self.bookmark, **how) as look:
                rows = look.window()
                found = list(look.read(rows))
                removed, self.bookmark = list(look.removed()), look.bookmark()
        except SourceError as error:
            self.bookmark = self.bookmark if error.bookmark is None else error.bookmark
            raise
        self.refused = {one.row.id: one.refused for one in found if one.article is None}
        return {one.row.id: one.article for one in found if one.article}, removed

    def ids(self, **how):
        return list(self.look(**how)[0])

    def error(self, **how):
        with pytest.raises(SourceError) as error:
            self.look(**how)
        return str(error.value)


@contextmanager
def cms(*answers, **settings):
    """``answers``: one for each request, the last for all others; bytes, or a function of the request."""
    said = list(answers)

    def say(asked):
        one = said.pop(0) if len(said) > 1 else said[0]
        return one(asked) if callable(one) else one

    with serving(say) as server:
        yield Cms(server, **settings)


def ok(*items, head="", **headers):
    return answer(200, RSS | {name.replace("_", "-"): value for name, value in headers.items()}, rss(*items, head=head))


def test_entries_become_articles_with_their_ids():
    with cms(ok(item("a", categories=["Sport"]), item("b")), section="news") as source:
        articles, removed = source.look()
    assert removed == [] and list(articles) == ["a", "b"]
    assert articles["a"].guid == "a" and articles["a"].title == "Story a"
    assert articles["a"].sections == ("news",) and articles["a"].tags == ("Sport",)
    asked = source.server.asked[0]
    assert "application/atom+xml" in asked.headers["accept"] and "a-im" not in asked.headers
    assert asked.headers["user-agent"].startswith("newsroom-syndication/")


def test_a_feed_tells_nothing_of_what_it_does_not_show():
    with cms(ok(item("b"), item("a"))) as source, source.reader.look() as look:
        assert look.fingerprint() is None and look.public_ids() is None
        assert [row.id for row in look.page(None, 1)] == ["a"] and [row.id for row in look.page("a", 9)] == ["b"]
        assert look.page("b", 9) == []


def test_a_story_is_traced_by_asking_for_the_feed():
    parts = entry("a", "2027-01-10T08:00:00Z"), deleted("b", "2027-01-10T08:00:00Z"), entry("c", "soon")
    with cms(atom(*parts), atom(*parts), atom(*parts), atom(*parts), answer(503)) as source:
        assert source.reader.trace("tag:a") == "in the feed"
        assert source.reader.trace("tag:b") == "deleted, as the feed says"
        assert source.reader.trace("tag:d") is None
        with pytest.raises(SourceError, match="answered 503"):
            [source.reader.trace("tag:a") for _ in range(2)]


def test_categories_choose_sections_by_the_map():
    mapped = {"Politics": "world", "Finance ": "world", "Sport": "sport", "Rail": ""}
    items = [
        item("a", categories=["politics", "FINANCE", "Sport", "Ferries"]),
        item("b", categories=["Ferries", "Rail", "All stories", "all"]),
        item("c", categories=["World News"]),
        item("d", categories=["WORLD", "Ferries"]),
    ]
    with cms(ok(*items), section="news", categories=mapped) as source:
        articles, _ = source.look()
    assert articles["a"].sections == ("world", "sport") and articles["a"].tags == ("Ferries",)
    assert articles["b"].sections == ("news",) and articles["b"].tags == ("Ferries", "Rail", "All stories", "all")
    assert articles["c"].sections == ("world",) and articles["c"].tags == ()
    assert articles["d"].sections == ("world",) and articles["d"].tags == ("Ferries",)


def test_an_unchanged_feed_costs_a_304_also_after_a_restart():
    first = ok(item("a"), ETag='"1"', Last_Modified="Thu, 14 Jan 2027 08:00:00 GMT")
    with cms(first, answer(304), answer(304)) as source:
        assert source.ids() == ["a"]
        for _ in range(2):
            source.restart()
            source.now += 3600
            assert source.look() == ({}, [])
    for asked in source.server.asked[1:]:
        assert asked.headers["if-none-match"] == '"1"' and asked.headers["a-im"] == "feed"
        assert asked.headers["if-modified-since"] == "Thu, 14 Jan 2027 08:00:00 GMT"


@pytest.mark.parametrize("how", ["a day passes", "a person asks", "the settings change"])
def test_all_of_the_feed_is_read_when(how):
    with cms(ok(item("a"), ETag='"1"')) as source:
        source.look()
        if how == "the settings change":
            source.restart(section="other")
        source.now += 86_400 if how == "a day passes" else 3600
        assert source.ids(asked=how == "a person asks") == ["a"]
    assert "if-none-match" not in source.server.asked[1].headers


def test_a_server_without_validators_is_compared_by_the_bytes():
    with cms(ok(item("a")), ok(item("a")), ok(item("b"))) as source:
        assert source.ids() == ["a"]
        source.restart()
        source.now += 3600
        assert source.look() == ({}, [])
        source.now += 3600
        assert source.ids() == ["b"]


def test_the_parser_is_a_process_that_ends_with_the_document():
    with cms(ok(item("a"))) as source:
        Cms.parser, shared = None, Cms.parser
        source.restart()
        Cms.parser = shared
        assert source.ids() == ["a"]


def test_a_delta_adds_without_telling_of_the_rest():
    delta = answer(226, RSS | {"IM": "feed", "ETag": '"2"'}, rss(item("b")))
    with cms(ok(item("a"), ETag='"1"'), delta, answer(304)) as source:
        source.look()
        source.now += 3600
        assert source.look() == ({"b": source_article("b")}, [])
        source.now += 3600
        source.look()
    assert source.server.asked[2].headers["if-none-match"] == '"2"'


def source_article(id):
    with cms(ok(item(id))) as source:
        return source.look()[0][id]


@pytest.mark.parametrize("manipulations", ["", "vcdiff", "feed, gzip"])
def test_a_delta_that_was_not_asked_for_changes_nothing(manipulations):
    with cms(ok(item("a"), ETag='"1"'), answer(226, RSS | {"IM": manipulations}, rss(item("b")))) as source:
        source.look()
        source.now += 3600
        assert "226 in a way that was not asked for" in source.error()


@pytest.mark.parametrize(
    ("first", "pause"),
    [
        (ok(item("a"), head="<ttl>90</ttl>", ETag='"1"'), 5400),
        (ok(item("a"), Cache_Control="max-age=7200"), 7200),
        (ok(item("a")), 60),
    ],
)
def test_a_feed_is_left_alone_for_as_long_as_it_asks(first, pause):
    with cms(first) as source:
        source.look()
        source.restart()
        source.now += pause - 3
        assert source.look() == ({}, []) and len(source.server.asked) == 1
        source.now += 3
        source.look()
        assert len(source.server.asked) == 2
        source.now += 1
        source.ids(asked=True)
        assert len(source.server.asked) == 3


def test_an_unchanged_answer_keeps_the_pause_of_the_feed():
    with cms(ok(item("a"), head="<ttl>90</ttl>", ETag='"1"'), answer(304)) as source:
        for _ in range(2):
            source.look()
            source.now += 5397
            source.look()
            source.now += 3
        assert len(source.server.asked) == 2


def test_a_feed_of_our_own_system_is_asked_whenever_we_look():
    with cms(ok(item("a"), head="<ttl>90</ttl>"), polite=False) as source:
        for _ in range(3):
            source.look()
    assert len(source.server.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_when_is_not_asked_before_by_anybody(status):
    with cms(answer(status, {"Retry-After": "7200"}), ok(item("a"))) as source:
        assert source.error() == f"127.0.0.1 answered {status}"
        source.restart()
        source.now += 7199
        for asked in (False, True):
            assert source.error(asked=asked) == f"127.0.0.1 answered {status}"
        assert len(source.server.asked) == 1
        source.now += 1
        assert source.ids() == ["a"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 204, 304])
def test_failures_wait_longer_each_time_and_are_told_meanwhile(status):
    with cms(answer(status), every=60.0) as source:
        for wait in (45, 90, 180):  # Chance chooses the shortest.
            words = source.error()
            assert str(status) in words
            number = len(source.server.asked)
            source.restart()
            source.now += wait - 3
            assert source.error() == words and len(source.server.asked) == number
            source.now += 3
        assert "304" in words or len(source.server.asked) == 3


def test_a_success_ends_the_pauses_after_failures():
    with cms(answer(500), answer(500), ok(item("a")), answer(500), every=60.0) as source:
        for _ in range(2):
            source.error()
            source.now += 3600
        assert source.ids() == ["a"]
        source.now += 3600
        source.error()
        assert json.loads(source.bookmark)["failures"] == 1


def test_a_feed_that_is_gone_is_asked_again_only_by_a_person():
    with cms(answer(410), answer(410), ok(item("a")), ok(item("b"))) as source:
        assert "gone for good" in source.error()
        source.restart()
        source.now += 864_000
        assert "gone for good" in source.error() and len(source.server.asked) == 1
        assert "gone for good" in source.error(asked=True) and len(source.server.asked) == 2
        assert source.ids(asked=True) == ["a"]
        source.now += 3600
        assert source.ids() == ["b"]


def moving(status, then=None):
    """Answers /feed with a redirect to /new, and /new with a feed or with ``then``."""

    def said(asked):
        if asked.target == "/feed":
            return answer(status, {"Location": "/new"})
        return ok(item("a")) if then is None else then

    return said


@pytest.mark.parametrize(("status", "asked"), [(301, "/new"), (308, "/new"), (302, "/feed"), (307, "/feed")])
def test_a_permanent_address_is_remembered_and_a_temporary_not(status, asked):
    with cms(moving(status)) as source:
        source.look()
        source.restart()
        source.now += 3600
        source.look()
        assert [one.target for one in source.server.asked][:3] == ["/feed", "/new", asked]
        told = " ".join(source.reader.check())
        assert (f"moved to {source.server.url}/new" in told) == (status in (301, 308))


def test_a_new_address_is_logged_when_it_is_stored():
    with cms(moving(301)) as source:
        with capture_logs() as logs, source.reader.look() as look:
            assert logs == []
            source.bookmark = look.bookmark()
            assert [(one["event"], one["host"], one["source"]) for one in logs] == [("feed_moved", "127.0.0.1", "cms")]
        source.now += 3600
        with capture_logs() as logs:
            source.look()
        assert logs == []


def test_an_address_that_answers_with_no_feed_is_not_remembered():
    with cms(moving(301, answer(200, {"Content-Type": "text/html"}, b"<!doctype html><p>Log in"))) as source:
        source.error()
    assert "moved" not in json.loads(source.bookmark)


def test_a_new_address_that_fails_is_forgotten_after_some_time():
    with cms(moving(301), moving(301), answer(410), ok(item("b"))) as source:
        source.look()
        source.now += 3600
        assert source.error() == "127.0.0.1 answered 410"  # The new address is gone, not the feed.
        source.now += 3600
        assert source.ids() == ["b"]
    assert [one.target for one in source.server.asked] == ["/feed", "/new", "/new", "/feed"]


def test_an_address_with_a_password_is_not_kept_in_the_bookmark():
    with cms(moving(301)) as source:
        source.restart(url=source.settings["url"].replace("//", "//me:secret@"))
        source.look()
        assert "moved" not in json.loads(source.bookmark) and "secret" not in source.bookmark
    assert [bool(one.headers.get("authorization")) for one in source.server.asked] == [True, True]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><title>Maintenance</title><p>Back soon",
        b"<html><body>502 Bad Gateway</body></html>",
        b"Briefly unavailable for scheduled maintenance. Check back in a minute.",
        b"",
        b"{\"error\": \"maintenance\"}",
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        b"<br />\n<b>Fatal error</b>: Uncaught Error in /var/www/feed.php",
        rss(item("x"), item("y"))[:-40],
        b"<a>" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_feed_changes_nothing_and_is_told(body):
    with cms(ok(item("a")), answer(200, RSS, body), ok(item("b"))) as source:
        source.look()
        source.now += 3600
        assert source.error().startswith("127.0.0.1 answered with ") and "/feed" not in source.error()
        source.now += 3600
        assert source.ids() == ["b"]


@pytest.mark.parametrize("withdraw_missing", [False, True])
def test_an_empty_feed_withdraws_nothing(withdraw_missing):
    with cms(ok(item("a"), item("b")), ok(), withdraw_missing=withdraw_missing) as source:
        source.look()
        source.now += 3600
        assert source.look() == ({}, [])


@pytest.mark.parametrize(("withdraw_missing", "removed"), [(False, []), (True, ["b"])])
def test_an_entry_taken_out_of_the_middle_is_removed_only_if_asked_for(withdraw_missing, removed):
    first, then = ok(*map(item, "abcd")), ok(*map(item, "xacd"))
    with cms(first, then, withdraw_missing=withdraw_missing) as source:
        source.look()
        source.restart()
        source.now += 3600
        articles, gone = source.look()
        assert list(articles) == ["x", "a", "c", "d"] and gone == removed
        source.now += 3600
        assert source.look()[1] == []


def test_an_entry_that_cannot_be_read_is_not_taken_for_missing():
    broken = (
        item("b").replace("<guid isPermaLink='false'>b</guid>", "").replace("<link>https://cms.example/b</link>", "")
    )
    with cms(ok(*map(item, "abc")), ok(item("a"), broken, item("c")), withdraw_missing=True) as source:
        source.look()
        source.now += 3600
        articles, gone = source.look()
    assert list(articles) == ["a", "c"] and gone == []
    assert list(source.refused.values()) == ["no ID and no address to identify it"]


def test_a_delta_takes_nothing_out_of_the_middle():
    delta = answer(226, RSS | {"IM": "feed", "ETag": '"2"'}, rss(item("x")))
    whole = ok(*map(item, "xacd"), ETag='"3"')
    with cms(ok(*map(item, "abcd"), ETag='"1"'), delta, whole, withdraw_missing=True) as source:
        source.look()
        source.now += 3600
        assert source.look()[1] == []
        source.now += 3600
        assert source.look()[1] == ["b"]


def atom(*parts):
    namespaces = "xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'"
    return answer(200, {}, f"<feed {namespaces}><title>CMS</title>{''.join(parts)}</feed>".encode())


def entry(id, updated):
    return (
        f"<entry><id>tag:{id}</id><title>{id}</title><link href='https://cms.example/{id}'/>"
        f"<updated>{updated}</updated><content>Text</content></entry>"
    )


def deleted(id, when):
    return f"<at:deleted-entry ref='tag:{id}' when='{when}'/>"


def test_tombstones_remove_unless_the_entry_came_back_since():
    parts = [
        entry("kept", "2027-01-10T08:00:00Z"),
        entry("older", "2027-01-10T08:00:00Z"),
        entry("newer", "2027-01-12T08:00:00Z"),
        deleted("older", "2027-01-11T08:00:00Z"),
        deleted("newer", "2027-01-11T08:00:00Z"),
        deleted("gone", "2027-01-11T08:00:00Z"),
        deleted("gone", "2027-01-10T08:00:00Z"),
        deleted("&#xA0;" * 600, "2027-01-10T08:00:00Z"),
    ]
    with cms(atom(*parts)) as source:
        articles, removed = source.look()
    assert list(articles) == ["tag:kept", "tag:newer"] and removed == ["tag:older", "tag:gone"]


def test_a_json_feed_is_read_with_its_ids():
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "CMS",
        "items": [
            {"id": 7, "url": "https://cms.example/7", "title": "Seven", "date_published": "2027-01-10T08:00:00Z"}
        ],
    }
    with cms(answer(200, {"Content-Type": "application/feed+json"}, json.dumps(feed).encode())) as source:
        articles, _ = source.look()
    assert articles["7"].guid == "7" and articles["7"].title == "Seven"


def test_a_compressed_feed_in_the_encoding_of_its_header_is_read():
    body = gzip.compress(rss(item("a", title="Ж")).decode().encode("cp1251"))
    headers = {"Content-Type": "text/xml; charset=windows-1251", "Content-Encoding": "gzip"}
    with cms(answer(200, headers, body)) as source:
        assert source.look()[0]["a"].title == "Ж"


def test_entries_that_cannot_be_articles_are_refused_with_reasons():
    long = "x" * 600
    with cms(ok(item("a", date=""), item("b", date="soon"), item(long), item("ok"))) as source:
        assert source.ids() == ["ok"]
    assert source.refused["a"].startswith("no publication date")
    reasons = " ".join(source.refused.values())
    assert len(source.refused) == 3 and "the date is" in reasons and "id " in reasons
    assert all(len(id) < 100 for id in source.refused)


def test_a_story_that_stands_twice_in_a_feed_is_read_once():
    with cms(ok(item("a", title="First"), item("a", title="Again"))) as source:
        articles, _ = source.look()
    assert articles["a"].title == "First" and source.refused == {}


def test_digests_differ_only_if_what_is_shown_does():
    def digests(*answers):
        with cms(*answers) as source, source.reader.look() as look:
            return [row.digest for row in look.window()]

    assert digests(ok(item("a"))) == digests(ok(item("a"), head="<lastBuildDate>now</lastBuildDate>", Age="5"))
    assert digests(ok(item("a"))) != digests(ok(item("a", title="Corrected")))
    assert digests(ok(item("a"))) != digests(ok(item("a", categories=["Sport"])))


def test_a_feed_of_this_service_is_not_read_by_itself():
    link = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='https://feeds.daily.example/feeds/x.rss'/>"
    with cms(ok(item("a"), head=link)) as source:
        assert "would read itself" in source.error()


def test_private_addresses_are_refused_without_the_setting():
    with cms(ok(item("a"))) as source:
        source.restart(allow_private=False)
        assert "is private or reserved" in source.error()
        assert source.server.asked == []


def test_a_feed_that_is_too_large_changes_nothing():
    with cms(ok(item("a", more=f"<comments>{'x' * 2_000_000}</comments>"))) as source:
        assert source.error() == "127.0.0.1 answered with more than 2,000,000 bytes"


def test_too_many_entries_change_nothing():
    small = "<item><guid>{}</guid></item>"
    with cms(ok(*map(small.format, range(5_001)))) as source:
        assert "more than 5,000 entries" in source.error()


def test_a_check_tells_what_the_operator_should_know():
    items = item("a", categories=["Sport", "Ferries"]), item("b", categories=["Rail", "Politics"])
    asks_long = ok(*items, head="<ttl>90</ttl>")
    with cms(asks_long, ok(), answer(404), every=60.0, categories={"Politics": "world"}) as source:
        said = " ".join(source.reader.check())
        assert "1 of the stories are in no section" in said and "(Ferries, Sport)" in said
        assert "pause of 90 minutes" in said
        assert source.reader.check() == ["The feed is empty."]
        assert source.reader.check() == ["127.0.0.1 answered 404"]
