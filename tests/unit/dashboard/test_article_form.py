"""The form of a story changes only what was changed in it."""

from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from syndication.dashboard.article_form import (
    digest,
    digests,
    empty_form,
    find_changes,
    form_values,
    merge_forms,
    sent_values,
)
from tests.support.api import FULL

ZONE = ZoneInfo("Europe/Berlin")

STORED = FULL | {"id": "a1", "html": "<p>one\r\ntwo</p>", "published_at": "2026-03-14T11:00:42.000001Z"}


def sent(given):
    """Returns the form as a browser sends it, with CRLF line endings."""
    fields = [(name, value.replace("\n", "\r\n")) for name, value in given.items() if name != "sections"]
    return sent_values(MultiDict([*fields, *(("sections", slug) for slug in given["sections"])]))


def test_a_form_that_nobody_changed_changes_nothing():
    assert find_changes(sent(form_values(STORED, ZONE)), STORED, ZONE) == ({}, {})


@pytest.mark.parametrize(
    ("name", "typed", "patch"),
    [
        ("title", " New ", {"title": "New"}),
        ("title", "", {"title": None}),
        ("html", "<p>one\ntwo!</p>", {"html": "<p>one\ntwo!</p>"}),
        ("summary", "", {"summary": None}),
        ("tags", "a, b\n\n c ", {"tags": ["a, b", "c"]}),
        (
            "authors",
            "Lin | lin@daily.example\nWu\nMei | | https://mei.example",
            {
                "authors": [
                    {"name": "Lin", "email": "lin@daily.example"},
                    {"name": "Wu"},
                    {"name": "Mei", "uri": "https://mei.example"},
                ]
            },
        ),
        ("sections", ["china"], {"sections": ["china"]}),
        ("image_alt", "Other", {"image": {"url": "/i.jpg", "alt": "Other", "caption": "c", "credit": "CNA"}}),
        (
            "image_url",
            "/j.jpg",
            {"image": {"url": "/j.jpg", "alt": "a", "caption": "c", "credit": "CNA", "width": None, "height": None}},
        ),
        ("published_at", "2026-07-01T08:30", {"published_at": "2026-07-01T06:30:00Z"}),
        ("expires_at", "", {"expires_at": None}),
    ],
)
def test_a_patch_has_only_what_was_typed(name, typed, patch):
    given = sent(form_values(STORED, ZONE) | {name: typed})
    assert find_changes(given, STORED, ZONE) == (patch, {})


def test_a_picture_without_any_text_is_removed():
    given = sent(form_values(STORED, ZONE) | dict.fromkeys(("image_url", "image_alt", "image_caption"), ""))
    assert find_changes(given | {"image_credit": ""}, STORED, ZONE) == ({"image": None}, {})


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("tomorrow", "Write a date"),
        ("2026-03-29T02:30", "Clocks go forward that night: 02:30 does not exist in Europe/Berlin. Use 03:30 instead."),
        ("2026-03-14T08:00Z", "without a time zone"),
        ("0001-01-01T00:00", "years 1 to 9999"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_at_its_field(typed, words):
    patch, errors = find_changes(sent(form_values(STORED, ZONE) | {"expires_at": typed}), STORED, ZONE)
    assert patch == {} and words in errors["expires_at"]


def test_of_two_equal_times_one_has_to_be_chosen():
    given = sent(form_values(STORED, ZONE) | {"published_at": "2026-10-25T02:30"})
    patch, errors = find_changes(given, STORED, ZONE)
    assert patch == {} and errors["published_at"] == ("Clocks go back that night: 02:30 comes twice. Choose which one.")
    chosen, errors = find_changes(given | {"published_at_turn": "second"}, STORED, ZONE)
    assert (chosen, errors) == ({"published_at": "2026-10-25T01:30:00Z"}, {})
    again = form_values(STORED | chosen, ZONE)
    assert find_changes(sent(again), STORED | chosen, ZONE) == ({}, {})
    back = find_changes(sent(again | {"published_at_turn": "first"}), STORED | chosen, ZONE)
    assert back == ({"published_at": "2026-10-25T00:30:00Z"}, {})


def test_a_note_written_beside_a_review_is_not_a_change_of_what_was_reviewed():
    given = form_values(STORED, ZONE)
    assert digest(given) == digest(given | {"correction": "New."}) != digest(given | {"title": "New"})


def test_a_form_out_of_date_takes_over_what_others_changed_and_keeps_its_own():
    opened = form_values(STORED, ZONE)
    now = opened | {"title": "Theirs", "summary": "Theirs too", "tags": "same"}
    mine = opened | {"title": "Mine", "html": "<p>mine</p>", "tags": "same"}
    merged, theirs, both = merge_forms(mine, now, digests(opened))
    assert (theirs, both) == (["summary"], ["title"])
    assert merged == opened | {"title": "Mine", "html": "<p>mine</p>", "summary": "Theirs too", "tags": "same"}


def test_an_empty_form_has_every_field_of_a_story():
    assert empty_form().keys() == form_values(STORED, ZONE).keys() == sent(empty_form()).keys()
