"""What watches the service: each alert comes when it should, names what there is, and leads to what to do."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.programs import DEPLOY, needs, run
from tests.deploy.runbook import anchors
from tests.support.service import ROOT, free_port, running, until

FOLDER = DEPLOY / "monitoring"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text())

OF_PROMETHEUS = {"job", "instance"}
"""Labels that it adds by itself."""


def asked() -> list[str]:
    """Every question to Prometheus: those of the alerts, and those of the dashboard's panels."""
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in RULES] + [panel.replace("$__rate_interval", "5m") for panel in panels]


def selectors(question: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The metrics of a question, each with its labels."""
    for name, labels in re.findall(r"\b(syndication_\w+)\s*(?:\{([^}]*)\})?", question):
        yield name, dict(re.findall(r'(\w+)\s*=~?\s*"([^"]*)"', labels))


def told(url: str) -> dict[str, set[str]]:
    """The samples at an address, with their labels."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
    found: dict[str, set[str]] = {}
    for sample in (s for family in text_string_to_metric_families(text) for s in family.samples):
        found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.fixture(scope="module")
def exposed(tmp_path_factory) -> dict[str, set[str]]:
    """What a real web process and a real worker tell, once there was something to tell of each."""
    port = str(free_port())
    with running(tmp_path_factory.mktemp("exposed"), env={"SYNDICATION_WORKER__METRICS_PORT": port}) as service:
        service.ready()
        web = _once(f"http://127.0.0.1:{service.port}/metrics", "syndication_polls_total")
        worker = _once(f"http://127.0.0.1:{port}/metrics", "syndication_regenerations_total")
    return _documented() | {name: web.get(name, set()) | worker.get(name, set()) for name in {*web, *worker}}


def _once(url: str, name: str) -> dict[str, set[str]]:
    """What is told at an address once there is something to tell of a metric."""
    found: dict[str, set[str]] = until(lambda: (samples := told(url)).get(name) and samples, 60)
    return found


def _documented() -> dict[str, set[str]]:
    """Returns the documented metrics and labels: a counter of failures has no sample before the first failure."""
    rows = re.findall(r"^\| `(syndication_\w+)` \|(.*)\|$", (ROOT / "docs/operators.md").read_text(), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", words)) for name, words in rows}


def test_every_metric_and_label_that_is_asked_for_is_told(exposed):
    for question in asked():
        for name, labels in selectors(question):
            assert name in exposed, question
            assert set(labels) - OF_PROMETHEUS <= exposed[name], question
        for grouped in re.findall(r"by \(([\w, ]+)\)", question):
            assert set(re.split(r", *", grouped)) <= set().union(*(exposed[name] for name, _ in selectors(question)))


def test_every_question_is_about_a_job_of_ours():
    jobs = [job["job_name"] for job in yaml.safe_load((FOLDER / "prometheus.yaml").read_text())["scrape_configs"]]
    for question in asked():
        for _, labels in selectors(question):
            assert any(re.fullmatch(labels["job"], job) for job in jobs), question


@needs("promtool")
def test_prometheus_takes_the_files():
    assert run("promtool", "check", "config", FOLDER / "prometheus.yaml").returncode == 0


@needs("promtool")
@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_each_alert_comes_when_it_should_and_not_before():
    tested = run("promtool", "test", "rules", FOLDER / "alerts_test.yaml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_is_tried_both_ways():
    cases = [case for test in yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]
             for case in test["alert_rule_test"]]  # fmt: skip
    names = {rule["alert"] for rule in RULES}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == names
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_says_how_bad_it_is_what_it_means_and_what_to_do(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    # What has happened already waits for nothing.
    assert "for" in rule or rule["alert"] in ("SectionHeld", "ChangesMissed")
    file, _, anchor = rule["annotations"]["todo"].partition("#")
    assert file == "RUNBOOK.md" and anchor in anchors()
    assert rule["annotations"]["summary"].endswith(".")


@needs("promtool")
def test_prometheus_understands_the_dashboard(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": question} for number, question in enumerate(asked())]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = run("promtool", "check", "rules", path)
    assert checked.returncode == 0 and f"{len(rules)} rules found" in checked.stdout, checked.stdout + checked.stderr


def test_the_panels_stand_beside_each_other():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) and len({panel["title"] for panel in panels}) > 10
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
