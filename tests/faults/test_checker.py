"""The checker finds what it is there for: each rule is shown a history that breaks it, and one that does not."""

from datetime import timedelta

import pytest

from faults.checker import documents, on_the_way, polls
from faults.checker.at_the_end import differences, kept, should_hold
from faults.checker.logs import wrong_in_logs
from faults.checker.verdict import losses_on_the_way
from faults.reading.documents import Document, read
from faults.reading.history import History, Poll
from faults.stage.clocks import STRAIGHT, Clock
from faults.writing.journal import Act
from tests.faults.doctored import at, document, history, journal, row, sighting, story

RIGHT = Clock()

A1, B2 = story(), story("b2", published_at=at(-30))
OUT = story(out=True)

PUBLISHED = (-50, A1, "publish")


def test_a_history_without_a_fault_has_no_loss():
    changed = story(revision=2)
    known = journal(PUBLISHED, (2, changed, "correct"), (6, OUT, "withdraw"), (12, A1, "restore"))
    seen = history(
        sighting(A1, version=1, made=0, seen=1),
        sighting(changed, version=2, made=3, seen=4),
        sighting(version=3, made=7, seen=8),
        sighting(A1, version=4, made=13, seen=14),
    )
    assert losses_on_the_way(seen, known, RIGHT) == []


# What a feed holds.


def test_a_feed_holds_the_newest_six_and_those_of_the_last_hour_up_to_twelve():
    new = [row(story(f"n{n:02}", published_at=at(-n))) for n in range(20)]
    old = [row(story(f"o{n:02}", published_at=at(-7_200 - n))) for n in range(20)]
    assert [r.id for r in should_hold([*old, *new], "taiwan", at(0))] == [f"n{n:02}" for n in range(12)]
    assert [r.id for r in should_hold([*old, *new[:2]], "all", at(0))] == ["n00", "n01", "o00", "o01", "o02", "o03"]
    assert [r.id for r in should_hold(old, "taiwan", at(0))] == [f"o{n:02}" for n in range(6)]


@pytest.mark.parametrize(
    "hidden",
    [
        row(story(draft=True)),
        row(OUT),
        row(story(published_at=at(0.5))),
        row(story(expires_at=at(0))),
        row(story(sections=("china",))),
    ],
    ids=["draft", "withdrawn", "embargo", "expired", "elsewhere"],
)
def test_a_feed_does_not_hold(hidden):
    assert should_hold([hidden], "taiwan", at(0)) == []


def differing(served: Document) -> list[str]:
    return differences(served, [row(B2), row(A1)], at(0))


def test_a_feed_as_it_should_be_differs_in_nothing():
    assert differing(document(B2, A1)) == []


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (document(B2), "lacks a1"),
        (document(B2, A1, story("c3")), "shows c3 wrongly"),
        (document(B2, A1, A1), "shows a1 twice"),
        (document(A1, B2), "has the order a1, b2 instead of b2, a1"),
        (document(B2, story(revision=2)), "has a1 with the title"),
        (document(B2, story(published_at=at(-61))), "has a1 with the published"),
        (Document("/feeds/taiwan.rss", "", malformed="no XML"), "cannot be read: no XML"),
    ],
)
def test_a_feed_that_differs_is_told(served, words):
    assert any(words in loss for loss in differing(served))


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({}, "has lost a1"),
        ({"a1": row(story(revision=2))}, "has a1 with the title"),
        ({"a1": row(OUT)}, "has a1 with the status withdrawn"),
        ({"a1": row(A1, sections=frozenset())}, "has a1 with the sections"),
        ({"a1": row(A1), "z9": row(story("z9"))}, "has z9, which was never written"),
    ],
)
def test_what_was_acknowledged_and_is_not_stored_is_a_loss(stored, words):
    assert kept(journal(PUBLISHED), {"a1": row(A1)}) == []
    assert any(words in loss for loss in kept(journal(PUBLISHED), stored))


def test_a_story_that_is_there_after_its_deletion_is_a_loss():
    deleted = journal(PUBLISHED, (1, story(there=False), "delete"))
    assert kept(deleted, {}) == []
    assert kept(deleted, {"a1": row(OUT)}) == ["the database has a1, which was deleted"]


def test_an_act_that_was_never_acknowledged_is_a_loss():
    known = journal(PUBLISHED)
    known.add(Act("correct", A1, at(1), None, 7))
    assert kept(known, {"a1": row(A1)}) == ['it is unknown whether "correct a1" was committed, after 7 attempts']


# What readers saw on the way.


@pytest.mark.parametrize(
    "of",
    [story(published_at=at(5)), story(draft=True), story(sections=("china",))],
    ids=["embargo", "draft", "elsewhere"],
)
def test_a_story_that_was_seen_too_early_is_found(of):
    assert on_the_way.early(history(sighting(A1, seen=1)), journal((-50, of, "write")), RIGHT)


def test_a_story_is_not_early_from_its_second_on():
    known = journal((-50, story(published_at=at(5)), "schedule"))
    assert on_the_way.early(history(sighting(A1, seen=4.99)), known, RIGHT)
    assert not on_the_way.early(history(sighting(A1, seen=5)), known, RIGHT)


def test_a_story_that_nobody_wrote_is_found():
    assert on_the_way.early(history(sighting(story("z9"))), journal(PUBLISHED), RIGHT)


def test_what_was_public_once_is_not_early_when_the_clock_goes_back(tmp_path):
    clock = Clock(tmp_path / "clock")
    clock.steps.append((at(10), timedelta(hours=-1)))
    known = journal((-50, story(published_at=at(5)), "schedule"))
    assert not on_the_way.early(history(sighting(A1, seen=20)), known, clock)
    later = journal((-50, story(published_at=at(15)), "schedule"))
    assert on_the_way.early(history(sighting(A1, seen=20)), later, clock)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("withdraw", OUT),
        ("delete", story(there=False)),
        ("correct", story(revision=2)),
        ("move", story(sections=("china",), revision=2)),
        ("make a draft", story(draft=True, revision=2)),
    ],
)
def test_a_document_that_is_older_than_it_says_is_found(name, after):
    known = journal(PUBLISHED, (1, after, name))
    assert on_the_way.old(history(sighting(A1, made=3, seen=4)), known, RIGHT)
    # Before the act, and within the second in which it was acknowledged, it may be there.
    assert not on_the_way.old(history(sighting(A1, made=2, seen=4)), known, RIGHT)


@pytest.mark.parametrize("out", [OUT, story(there=False)], ids=["withdrawn", "deleted"])
def test_a_story_that_came_back_is_found(out):
    known = journal(PUBLISHED, (1, out, "take out"))
    seen = [sighting(A1, version=1), sighting(version=2, made=4, seen=5), sighting(A1, version=3, made=None, seen=7)]
    assert on_the_way.returned(history(*seen), known, RIGHT) == [
        "/feeds/taiwan.atom showed a1 again in version 3, after it was removed in 2"
    ]
    assert not on_the_way.returned(history(*seen[:2]), known, RIGHT)


def test_a_story_that_was_being_restored_may_come_back():
    known = journal(PUBLISHED, (1, OUT, "withdraw"), (6, A1, "restore"))
    seen = [sighting(version=2, made=4, seen=5), sighting(A1, version=3, made=6, seen=7)]
    assert not on_the_way.returned(history(*seen), known, RIGHT)


def test_a_story_that_stands_twice_is_found():
    assert on_the_way.twice(history(sighting(A1, A1))) == ["/feeds/taiwan.atom showed a1 twice in version 1"]
    assert not on_the_way.twice(history(sighting(A1, B2)))


# Whole documents.


def test_a_version_with_two_bodies_is_found():
    seen = history(sighting(A1, web="web-1"), sighting(B2, web="web-2", coding="br"))
    assert documents.two_bodies(seen) == ["/feeds/taiwan.atom had 2 bodies in version 1"]
    assert not documents.two_bodies(history(sighting(A1, web="web-1"), sighting(A1, web="web-2", coding="br")))


def test_an_etag_of_two_bodies_is_found():
    assert documents.one_tag_twice(history(sighting(A1, etag='"1-x-gzip"'), sighting(B2, etag='"1-x-gzip"', version=2)))
    assert documents.one_tag_twice(history(sighting(A1, etag='"1-x"'), sighting(A1, etag='"1-x"', coding="br")))
    assert not documents.one_tag_twice(history(sighting(A1), sighting(A1, web="web-2"), sighting(B2, version=2)))


def test_formats_that_disagree_are_found():
    atom, json = sighting(A1), sighting(A1, path="/feeds/taiwan.json")
    assert not documents.disagreeing(history(atom, json))
    assert documents.disagreeing(history(atom, sighting(story(revision=2), path="/feeds/taiwan.json"))) == [
        "/feeds/taiwan.atom and /feeds/taiwan.json disagree in version 1"
    ]


@pytest.mark.parametrize(
    ("later", "what"),
    [
        (sighting(A1, version=4, made=9, seen=3), "version"),
        (sighting(A1, version=6, made=4, seen=3), "Last-Modified"),
        (sighting(A1, version=6, made=4, seen=3), "updated"),
    ],
)
def test_what_goes_back_is_found(later, what):
    first = sighting(B2, version=5, made=5, seen=2)
    assert any(f"went back from the {what}" in loss for loss in documents.backwards(history(first, later)))
    assert not documents.backwards(history(first, sighting(A1, version=6, made=5, seen=3)))


def test_two_web_processes_need_not_go_in_step():
    seen = history(sighting(B2, version=5, made=5, seen=2), sighting(A1, version=4, made=4, seen=3, web="web-2"))
    assert not documents.backwards(seen)


@pytest.mark.parametrize(
    ("path", "coding", "sent"),
    [
        ("/feeds/taiwan.atom", "identity", b"<feed>"),
        ("/feeds/taiwan.rss", "identity", b"<rss/>"),
        ("/feeds/taiwan.json", "identity", b'{"items":[{}]}'),
        ("/feeds/taiwan.json", "gzip", b"no gzip"),
        ("/feeds/taiwan.json", "br", b"no brotli"),
        ("/feeds/taiwan.json", "zstd", b"no zstd"),
    ],
)
def test_a_document_that_nobody_can_read_is_found(path, coding, sent):
    broken = sighting(coding=coding)
    broken.document = read(path, coding, sent)
    assert broken.document.malformed
    assert documents.malformed(history(broken))
    assert not documents.malformed(history(sighting(A1)))


# Polls.


def asked(seconds: float, wrong: str = "", path: str = "/feeds/taiwan.atom") -> Poll:
    return Poll("web-1", path, at(seconds), at(seconds + 0.1), wrong)


def unanswered(*found: Poll, killed: tuple[float, ...] = ()) -> list[str]:
    return polls.unanswered(History(polls=list(found), killed={"web-1": [at(moment) for moment in killed]}))


def test_a_poll_that_nobody_answered_is_found():
    assert len(unanswered(asked(1), asked(2, "no answer (Timeout)"), asked(3, "status 503"), asked(4))) == 2


def test_a_kill_excuses_the_polls_until_the_first_answer_and_no_others():
    down = [asked(1), asked(2.95, "no answer (Reset)"), asked(4, "no answer (Refused)"), asked(5, "status 503")]
    assert not unanswered(*down, asked(6), killed=(3,))
    assert len(unanswered(*down, asked(6), asked(7, "no answer (Reset)"), killed=(3,))) == 1
    assert len(unanswered(*down, asked(6), asked(7, "status 503"), killed=(3,))) == 1
    assert not unanswered(*down, asked(6), asked(7, "status 503", "/feeds/all.rss"), killed=(3,))
    assert len(unanswered(*down, asked(6), asked(7, "no answer (Reset)", "/feeds/all.rss"), killed=(3,))) == 1


def test_an_answer_from_before_the_kill_excuses_nothing_less():
    assert not unanswered(asked(2.95), asked(3.2, "no answer (Refused)"), killed=(3,))


# Logs and clocks.


def test_a_crash_and_a_told_text_are_found_in_logs():
    assert wrong_in_logs({"worker-1": "all is well\n"}) == []
    assert len(wrong_in_logs({"web-1": "Story w1-0001", "worker-1": "x\nTraceback (most recent call last):\n"})) == 2


def test_a_clock_remembers_what_it_showed(tmp_path):
    clock = Clock(tmp_path / "clock")
    clock.steps = [(at(10), timedelta(hours=-1)), (at(20), STRAIGHT)]
    assert [clock.at(at(n)) for n in (5, 15, 25)] == [at(5), at(15 - 3600), at(25)]
    assert [clock.latest(at(n)) for n in (5, 15, 25)] == [at(5), at(10), at(25)]
    assert [clock.when(at(n)) for n in (5, 15, 15 - 3600, 25)] == [at(5), at(20), at(15 - 3600), at(25)]
