"""What is said of an outside hub: the gravest first, and nothing before it lasts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from syndication.diagnostics.health import HealthFacts, examine
from syndication.diagnostics.hub_words import HubFacts, HubStatus, hub_facts, hub_status, hub_words
from syndication.store.hub.echoes import Echo
from syndication.store.hub.pings import HubFailure
from tests.support.newsroom import NOON

HUB = "https://hub.example:8443/path?key=secret"
PATIENCE = timedelta(minutes=10)


def ago(**span: float) -> Any:
    return NOON - timedelta(**span)


ECHO = Echo(
    hub=HUB, section="all", format="atom", token="t0ken", secret="s3cret", requested_at=ago(days=2),
    verified_at=ago(days=2), expires_at=NOON + timedelta(days=8), denied=None, pinged_version=None, pinged_at=None,
    pinged_updated_at=None, returned_version=None, returned_at=None, attempts=0, retry_at=None, lease_until=None,
    error=None, failed_at=None,
)  # fmt: skip
ASKING = replace(ECHO, verified_at=None, expires_at=None, requested_at=ago(minutes=5))
DROPPED = replace(ECHO, pinged_version=7, returned_version=6, pinged_at=ago(minutes=11))
FAILURE = HubFailure(HUB, ago(seconds=30), "hub.example:8443 answered 500", 0)


@pytest.mark.parametrize(
    ("status", "failure", "echo"),
    [
        ("working", None, ECHO),
        ("working", FAILURE, ECHO),
        ("retrying", replace(FAILURE, since=ago(seconds=61)), ECHO),
        ("failing", replace(FAILURE, since=ago(minutes=11)), ECHO),
        ("failing", replace(FAILURE, given_up=3), DROPPED),
        ("working", None, replace(DROPPED, returned_version=7)),
        ("working", None, replace(DROPPED, pinged_at=ago(minutes=9))),
        ("silent", None, DROPPED),
        ("silent", None, replace(DROPPED, returned_version=None)),
        ("unwatched", None, replace(DROPPED, expires_at=ago(seconds=1))),
        ("waiting", None, None),
        ("waiting", None, ASKING),
        ("waiting", None, replace(ASKING, error="x")),
        ("unwatched", None, replace(ASKING, requested_at=ago(minutes=11))),
        ("unwatched", None, replace(ASKING, denied="")),
    ],
)
def test_the_status_is_the_gravest_that_lasts(status: HubStatus, failure: HubFailure | None, echo: Echo | None) -> None:
    facts = HubFacts(HUB, failure, echo, PATIENCE)
    words = hub_words(facts, NOON)
    assert hub_status(facts, NOON) == status and bool(words) == (status not in ("working", "waiting"))
    assert not words or (" hub.example:8443 " in words and words.endswith(".") and "key" not in words)
    found = examine(HealthFacts(NOON, (), (), 1, None, hubs=[facts]))
    wrong = status in ("failing", "silent")
    assert [(finding.severity, finding.cause) for finding in found] == (
        [("problem", "hub")] if wrong else [("notice", None)] if words else []
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"denied": "not wanted"}, "denied the service's own subscription (not wanted), so it is not known"),
        ({"denied": ""}, "denied the service's own subscription, so it is not known"),
        (
            {"error": "hub.example did not answer within 10 s"},
            "on new stories: hub.example did not answer within 10 s.",
        ),
        ({}, "The hub hub.example:8443 has not confirmed the service's own subscription, so"),
    ],
)
def test_the_reason_for_not_knowing_is_named(changes: dict[str, Any], words: str) -> None:
    echo = replace(ASKING, requested_at=ago(hours=1), **changes)
    assert words in hub_words(HubFacts(HUB, None, echo, PATIENCE), NOON)


def test_each_hub_of_the_settings_has_its_own_facts() -> None:
    other = "https://other.example/"
    found = hub_facts([other, HUB], [FAILURE], [ECHO], PATIENCE)
    assert [(facts.host, facts.failure, facts.echo) for facts in found] == [
        ("other.example", None, None), ("hub.example:8443", FAILURE, ECHO),
    ]  # fmt: skip


def test_no_secret_is_in_the_text_of_a_subscription() -> None:
    assert "s3cret" not in repr(ECHO) and "t0ken" not in repr(ECHO)
