"""Acts done in a real WordPress: what it shows the public afterwards is what the next look finds, whatever it was."""

import pytest

from tests.support.wordpress_acts import ACTS, SILENT, expected

SIMILAR = {
    "made private", "back to draft", "tag renamed", "tag deleted", "featured image changed", "image size changed",
    "alt text changed", "author changed", "title changed by SQL", "password taken away", "page published", "scheduled",
}  # fmt: skip
"""Acts that end in the same columns as others."""


def each(acts: dict[str, tuple[str, str]]) -> list[object]:
    marks = {name: [pytest.mark.thorough] if name in SIMILAR else [] for name in acts}
    return [pytest.param(*act, id=name, marks=marks[name]) for name, act in acts.items()]


@pytest.mark.parametrize(("before", "act"), each(ACTS))
def test_an_act_in_wordpress_is_what_the_next_look_finds(site, copy, before, act):
    site.do(f"global $p, $b, $c, $picture; {before} return 1;")
    copy.look()
    first = copy.held()
    site.do(f"global $p, $b, $c, $picture; {act} return 1;")
    after = expected(site)
    assert after != first, "the act changes nothing that the public sees"
    copy.look()
    assert copy.held() == after
    assert copy.look() == [], "what has not changed is read again"


@pytest.mark.parametrize(("before", "act"), each(SILENT))
def test_an_act_that_the_public_does_not_see_reads_nothing(site, copy, before, act):
    site.do(f"global $p; {before} return 1;")
    copy.look()
    fingerprint = copy.fingerprint
    site.do(f"global $p; {act} return 1;")
    assert copy.look() == []
    assert copy.fingerprint == fingerprint
    assert copy.held() == expected(site)
