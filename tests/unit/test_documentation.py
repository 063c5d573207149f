"""Every command, option, setting and metric is documented in docs/."""

import re
import tomllib
from collections.abc import Iterator

import click
import pytest
from prometheus_client.parser import text_string_to_metric_families

from syndication.cli import main
from syndication.config.loading import defaults_folder
from syndication.config.notification_schema import CHANNEL_KINDS, NotificationTable
from syndication.config.old_feed_schema import OldFeedTable, OldSiteTable
from syndication.config.schema import CacheTable, RetiredTable, SectionTable, SyndicationFile
from syndication.config.source_schema import SourceTable
from syndication.config.source_schemas import SOURCE_KINDS
from syndication.metrics import database as database_metrics
from syndication.metrics import front
from syndication.metrics import outbound as outbound_metrics
from syndication.metrics import web as web_metrics
from syndication.metrics import worker as worker_metrics
from syndication.metrics.editors_process import EditorsProcess
from syndication.metrics.web_gauges import WebGauges
from syndication.web.document_loader import LoaderState
from tests.support.newsroom import NOON
from tests.support.service import ROOT

NAMES = ["README.md", "DESIGN.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]
DOCUMENTS = {name: (ROOT / name).read_text() for name in sorted(NAMES)}
OPERATORS = DOCUMENTS["docs/operators.md"]


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name, those of a group too."""
    for name, command in sorted(group.commands.items()):
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")


COMMANDS = list(commands(main))


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_is_documented(name):
    assert re.search(rf"`(syndication )?{name}\b", OPERATORS)


@pytest.mark.parametrize(
    ("name", "option"),
    [pytest.param(name, o, id=f"{name} {o.opts[-1]}") for name, command in COMMANDS for o in options(command)],
)
def test_every_option_has_help_and_is_documented_beside_its_command(name, option):
    assert option.help
    rows = [r for r in OPERATORS.splitlines() if r.startswith("|") and f"`syndication {name.split()[0]}" in r]
    assert any(option.opts[-1] in row for row in rows), rows


def test_the_options_of_the_program_itself_are_documented():
    for option in options(main):
        assert option.help and any(re.search(rf"`{opt}\b", OPERATORS) for opt in option.opts), option.opts


def settings() -> Iterator[tuple[str, str]]:
    """Every setting as the heading of its table in the file, and its key."""
    models = {
        "cache": ("[cache.NAME]", CacheTable),
        "source": ("[[source]]", SourceTable),
        "notification": ("[[notification]]", NotificationTable),
    }
    for table, field in SyndicationFile.model_fields.items():
        heading, model = models.get(table) or (f"[{table}]", field.annotation)
        yield from ((heading, key) for key in model.model_fields)


@pytest.mark.parametrize(("table", "key"), [pytest.param(*s, id=".".join(s)) for s in settings()])
def test_every_setting_is_documented_in_the_row_of_its_table(table, key):
    (row,) = [line for line in OPERATORS.splitlines() if line.startswith(f"| `{table}` |")]
    assert f"`{key}`" in row


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_every_setting_of_a_source_is_documented_on_the_page_of_its_kind(kind):
    text, common = DOCUMENTS["docs/sources.md"], DOCUMENTS[f"docs/sources-{kind}.md"]
    assert f"(sources-{kind}.md)" in text
    for key in SOURCE_KINDS[kind].model_fields:
        assert f"`{key}`" in (text if key in SourceTable.model_fields or key == "kind" else common), key


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_every_setting_of_a_channel_is_in_the_table_of_notifications(kind):
    rows = OPERATORS.partition("\n## Notifications\n")[2].partition("\n## ")[0].splitlines()
    keys = {key for row in rows if row.startswith("|") for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert CHANNEL_KINDS[kind].model_fields.keys() <= keys


def test_every_setting_of_a_section_is_told_where_sections_are_written():
    text = (defaults_folder() / "sections.toml").read_text()
    comments = " ".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))
    for table in (SectionTable, RetiredTable, OldFeedTable, OldSiteTable):
        for key in table.model_fields:
            assert re.search(rf"\b{key}\b", comments), f"{key} is not explained in sections.toml"


def documented() -> set[str]:
    """Returns the names of metrics in the documentation's tables."""
    return set(re.findall(r"^\| `(syndication_\w+)`", OPERATORS, re.MULTILINE))


def exposition() -> str:
    web_metrics.POLLS.labels("atom", "200", "gzip").inc(0)
    worker_metrics.record_regeneration("published", 0.1)
    worker_metrics.JOBS.labels("gather", "done").inc(0)
    worker_metrics.record_renderer_death("time")
    worker_metrics.PURGES.labels("sent").inc(0)
    outbound_metrics.ATTEMPTS.labels("purge", "done").inc(0)
    outbound_metrics.UNDER_WAY.labels("purge").inc(0)
    worker_metrics.record_source_look("cms", "changed", 0.1, {"stored": 1})
    worker_metrics.set_source("cms", looked_at=0.0, lag=0.0, articles=0, refused=0, held=False)
    database_metrics.ERRORS.labels("down").inc(0)
    front.start_at_zero(["editors"])
    watched = WebGauges(LoaderState(since=NOON), 0, NOON, {"taiwan": 1})
    return web_metrics.exposition(watched, EditorsProcess("running", 0)).decode()


def served() -> set[str]:
    """The names under which Prometheus reads our metrics."""
    families = text_string_to_metric_families(exposition())
    ours = [f for f in families if f.name.startswith("syndication_") and not f.name.endswith("_created")]
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in ours}


def test_every_metric_is_documented_and_no_other():
    assert documented() == served()
    assert len(served()) >= 20


def test_every_metric_says_what_it_counts():
    for name in served():
        assert re.search(rf"^# HELP {name} \S+ \S+", exposition(), re.MULTILINE), name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_names_only_what_there_is(document):
    text = DOCUMENTS[document]
    for path in re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|toml|md))`", text):
        assert [*ROOT.glob(path), *ROOT.glob(f"[a-z]*/**/{path}")], path
    variables = [f"SYNDICATION_{table.upper()}__" for table in SyndicationFile.model_fields] + ["SYNDICATION_CONFIG"]
    for variable in re.findall(r"\bSYNDICATION_[A-Z_]+", text):
        assert any(variable.startswith(known) for known in variables), variable
    for metric in re.findall(r"`(syndication_\w+)`", text):
        assert metric in served(), metric


def test_every_dependency_has_its_line_in_the_design():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    design = DOCUMENTS["DESIGN.md"].lower()
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement).group(0).lower()
        assert name in design, name
