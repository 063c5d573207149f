"""Feeds that readers ask for by address, over HTTP."""

from tests.support.service import Service, until


def test_a_combination_is_made_when_it_is_asked_for(bundled_service: Service) -> None:
    path = "/feeds/asia+sports.atom"
    until(lambda: bundled_service.get(path).status == 200, 20)
    answer = bundled_service.get(path)
    assert b"Asia + Sports" in answer.body
    assert bundled_service.get(path, {"If-None-Match": answer.headers["etag"]}).status == 304
    moved = bundled_service.get("/feeds/sports+asia+sports.atom")
    assert (moved.status, moved.headers["location"].endswith(path)) == (301, True)
    assert bundled_service.get("/feeds/asia%2Bsports.atom").body == answer.body


def test_nonsense_and_unknown_names_are_not_found_for_a_minute(bundled_service: Service) -> None:
    for slug in ("asia~asia", "asia+nothing", "asia+", "tag/nobody-has-this"):
        answer = bundled_service.get(f"/feeds/{slug}.rss")
        assert (answer.status, answer.headers["cache-control"]) == (404, "public, max-age=60")
