"""The index of terms, changed step by step, is the one that is made anew; and so are a newsroom's fingerprints."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syndication.model.selection import Selection, Term
from syndication.pipeline.gather import Newsroom
from tests.support.newsroom import section, site

KEYS = ["ferries", "boats", "harbours"]
OWN = {slug: section(slug) for slug in ("all", "taiwan", "china")}

CHOSEN = st.dictionaries(
    st.sampled_from([f"tag/t{n}" for n in range(5)]),
    st.tuples(st.sets(st.sampled_from(KEYS)), st.sampled_from(["readers", "editors"])),
)


def newsroom(chosen: dict[str, tuple[set[str], str]], title: str = "China") -> Newsroom:
    feeds = {
        slug: replace(
            section(slug), owner=owner, selection=Selection(any=tuple(Term("tag", key) for key in sorted(keys)))
        )
        for slug, (keys, owner) in chosen.items()
    }
    return Newsroom(site(), {**OWN, "china": replace(OWN["china"], title=title), **feeds})


@given(st.lists(st.tuples(CHOSEN, st.sampled_from(["China", "Sports"])), min_size=1, max_size=5))
def test_what_is_taken_over_is_what_would_be_worked_out(steps):
    followed = newsroom({})
    for chosen, title in steps:
        followed = newsroom(chosen, title).after(followed)
        fresh = newsroom(chosen, title)
        assert followed.fingerprints() == fresh.fingerprints()
        for terms in ([], *([Term("tag", key)] for key in KEYS), [Term("tag", key) for key in KEYS]):
            assert followed.selections.select(frozenset(terms)) == fresh.selections.select(frozenset(terms))
        assert followed.of_readers == fresh.of_readers
