"""Which posts without a guid are still written, and which have none."""

from datetime import UTC, datetime, timedelta

import pytest

from syndication.sources.wordpress.new_posts import STEP, WRITING_SECONDS, NewPosts

NOW = datetime(2026, 3, 14, 8, tzinfo=UTC)
LATE = timedelta(seconds=WRITING_SECONDS)


def test_before_the_first_look_every_post_counts_as_finished():
    assert NewPosts().unfinished([1, 10**12], NOW) == {} and NewPosts().to_text() == ""


def test_a_new_post_is_waited_for_a_minute_and_never_again():
    first = NewPosts().after(7, {})
    second = first.after(8, first.unfinished([5, 8], NOW))
    assert second == NewPosts(8, {8: NOW.timestamp()}), "what was there before is finished"
    almost = NOW + LATE - timedelta(seconds=1)
    assert second.after(9, second.unfinished([8], almost)) is second
    third = second.after(9, second.unfinished([8], NOW + LATE))
    assert third == NewPosts(9, {}) and third.unfinished([8], NOW + 2 * LATE) == {}


def test_a_clock_that_was_set_back_makes_no_post_wait_longer():
    new_posts = NewPosts(8, {8: NOW.timestamp()})
    assert new_posts.unfinished([8], NOW - timedelta(days=1)) == {}


def test_rows_that_are_no_posts_are_recorded_once_in_a_while():
    new_posts = NewPosts(7)
    assert new_posts.after(7 + STEP - 1, {}) is new_posts
    assert new_posts.after(7 + STEP, {}) == NewPosts(7 + STEP)


def test_a_site_that_is_another_now_is_seen_anew():
    assert NewPosts(7000).after(3, {}) == NewPosts(3)


def test_it_survives_as_text():
    new_posts = NewPosts(8, {6: 1.5, 8: NOW.timestamp()})
    assert NewPosts.from_text(new_posts.to_text()) == new_posts


@pytest.mark.parametrize(
    "text", ["", "x", "[]", '{"etag": "x"}', '{"newest": -1}', '{"newest": 1, "waiting": {"x": 1}}']
)
def test_the_bookmark_of_another_kind_says_nothing(text):
    assert NewPosts.from_text(text) == NewPosts()
