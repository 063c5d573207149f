"""Cuts: at a word, and never inside a character as readers see it."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from syndication.render.shorten import shorten

TAIPEI = "台北市議會週一通過新的預算案，市長表示歡迎。反對黨批評支出過高。"
TOKYO = "東京では大雨が降った。台風が近づいているため、気象庁は警戒を呼びかけている。"
BANGKOK = "กรุงเทพมหานครมีฝนตกหนักในวันจันทร์ทำให้การจราจรติดขัด"
FERRY = "The ferry, which left Keelung on Monday, reached Matsu “after a storm” on Tuesday."


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("short", 20, "short"),
        ("twelve chars", 12, "twelve chars"),
        ("one two three four", 12, "one two…"),
        ("one two three four", 14, "one two three…"),
        ("one two, three", 9, "one two…"),
        (FERRY, 60, "The ferry, which left Keelung on Monday, reached Matsu…"),
        ("Prix : 10\u202f000\u202f€ pour les «\u00a0Non\u00a0» de Calais", 30, "Prix : 10\u202f000\u202f€ pour les…"),
        ("中文沒有空格所以切在字元", 5, "中文沒有…"),
        (TAIPEI, 20, "台北市議會週一通過新的預算案，市長表示…"),
        (TAIPEI, 17, "台北市議會週一通過新的預算案…"),
        (TOKYO, 25, "東京では大雨が降った。台風が近づいているため…"),
        (BANGKOK, 20, "กรุงเทพมหานครมีฝน…"),
        (BANGKOK, 26, "กรุงเทพมหานครมีฝนตกหนักใน…"),
        ("See https://daily.example/a-very-long-path", 30, "See https://daily.example/a…"),
        ("W" * 50, 20, "W" * 19 + "…"),
    ],
)
def test_a_text_is_cut_at_a_word(text, length, cut):
    assert shorten(text, length) == cut and len(shorten(text, length)) <= length


CLUSTERS = {
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "flag": "🇹🇼",
    "flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "skin tone": "👍🏽",
    "kiss": "👩🏽\u200d❤️\u200d💋\u200d👩🏾",
    "keycap": "1️⃣",
    "Thai vowel and tone": "ที่",
    "Tamil vowel": "கொ",
    "Devanagari conjunct": "क्षि",
    "Hangul jamo": "한",
    "decomposed": "e\u0301\u0323",
    "ideographic variant": "葛\U000e0100",
}


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
@pytest.mark.parametrize("before", range(12))
def test_a_cut_never_splits_a_grapheme_cluster(cluster, before):
    head = "中" * (40 - before)
    tail = shorten(head + cluster * 12, 41).removesuffix("…").removeprefix(head)
    assert tail == cluster * (len(tail) // len(cluster))


def test_a_cluster_longer_than_the_limit_is_cut():
    assert shorten("a" + "\u0301" * 1000, 20) == "a" + "\u0301" * 18 + "…"


ALPHABET = "a b, .中文。台ที่ไก่ \u200d👩🏽🇹🇼1️⃣\u0301\u00a0「」“"


@given(st.text(ALPHABET, max_size=200), st.integers(20, 60))
def test_a_cut_text_is_the_beginning_in_whole_clusters(text, length):
    cut = shorten(text, length)
    assert len(cut) <= length
    if cut != text:
        ends = {match.end() for match in regex.finditer(r"\X", text)}
        head = cut.removesuffix("…")
        longest = max(map(len, regex.findall(r"\X", text)))
        assert text.startswith(head) and (len(head) in ends | {0} or longest >= length)
