"""The limits of memory in units and containers fit what the default settings let each process take."""

import re
from typing import Any

import pytest
import yaml

from syndication.config.loading import load_settings
from tests.deploy.programs import DEPLOY

UNITS = {"G": 1024, "g": 1024, "Gi": 1024, "M": 1, "m": 1, "Mi": 1}
SETTINGS = load_settings(None, {})

IDLE_WORKER, IDLE_WEB, EDITORS = 90, 100, 90
"""Megabytes that each has when nothing is asked of it: docs/dearest.md."""

A_MEGABYTE_OF_AN_ARTICLE = 31
"""Megabytes that web takes for it while it is read, at worst: docs/dearest.md."""

ARRIVING = 400
"""Megabytes of bodies that arrive; with Compose they are in memory."""


def megabytes(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([A-Za-z]+)", text).groups()
    return int(number) * UNITS[unit]


def systemd(name: str) -> int:
    [path] = (DEPLOY / "systemd").glob(f"syndication-{name}*.service")
    return megabytes(re.search(r"^MemoryMax=(.+)$", path.read_text(), re.MULTILINE)[1])


def compose(name: str) -> int:
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
    return megabytes(services[{"web": "web1"}.get(name, name)]["mem_limit"])


def kubernetes(name: str) -> int:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / f"kubernetes/{name}.yaml").read_text()))
    deployment = next(one for one in documents if one["kind"] == "Deployment")
    return megabytes(deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"])


DEPLOYMENTS = pytest.mark.parametrize("limit", [systemd, compose, kubernetes])


@DEPLOYMENTS
def test_a_worker_has_room_for_itself_and_for_the_process_that_renders(limit):
    worker = SETTINGS.worker
    assert limit("worker") >= IDLE_WORKER + 2 * worker.fragment_memory + worker.render_memory


@DEPLOYMENTS
def test_web_has_room_for_the_editors_process_and_as_many_large_articles_as_one_party_may_send_at_once(limit):
    article = SETTINGS.editors.largest_article_mb * A_MEGABYTE_OF_AN_ARTICLE
    assert limit("web") >= IDLE_WEB + EDITORS + ARRIVING + SETTINGS.editors.at_once // 2 * article


def test_the_runbook_has_the_limits():
    table = re.findall(r"^\| (web|worker) \|(.*)$", (DEPLOY / "RUNBOOK.md").read_text(), re.MULTILINE)
    assert len(table) == 2
    for name, row in table:
        found = [int(cell.split()[0]) * 1024 for cell in row.split("|")[:3]]
        assert found == [systemd(name), compose(name), kubernetes(name)]
