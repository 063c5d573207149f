"""Two texts differ by words, and nothing is lost between them."""

import time

from hypothesis import given
from hypothesis import strategies as st

from syndication.model import word_difference
from syndication.model.word_difference import Piece, difference

TEXTS = st.text(st.sampled_from("ab <>/夜車\n.é"), max_size=60)


def joined(pieces, *kinds):
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


def test_a_changed_word_is_marked_as_a_whole():
    assert difference("A nigth train", "A night train") == [
        Piece("same", "A "), Piece("gone", "nigth"), Piece("new", "night"), Piece("same", " train"),
    ]  # fmt: skip


def test_each_letter_counts_in_a_script_without_spaces():
    assert difference("夜車開", "夜船開") == [
        Piece("same", "夜"), Piece("gone", "車"), Piece("new", "船"), Piece("same", "開"),
    ]  # fmt: skip


def test_equal_texts_have_no_difference():
    assert difference("a", "a") == []


def test_text_far_from_a_change_is_skipped():
    far = "word " * 100
    pieces = difference(f"{far}old {far}", f"{far}new {far}")
    assert [piece.kind for piece in pieces] == ["skipped", "same", "gone", "new", "same", "skipped"]
    assert len(joined(pieces, "same")) < 100


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts(before, after):
    kept, word_difference.CONTEXT = word_difference.CONTEXT, 1000
    try:
        pieces = difference(before, after)
    finally:
        word_difference.CONTEXT = kept
    if before != after:
        assert (joined(pieces, "same", "gone"), joined(pieces, "same", "new")) == (before, after)


def test_a_long_text_that_is_all_new_is_compared_in_time():
    began = time.process_time()
    pieces = difference("a b " * 200_000, "c-d-" * 200_000)
    assert {piece.kind for piece in pieces} == {"gone", "new"} and time.process_time() - began < 10
