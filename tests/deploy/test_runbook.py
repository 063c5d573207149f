"""The runbook's commands do what it says: they are typed on machines of a test, with SQLite and with PostgreSQL."""

import re
import subprocess

import click
import psycopg
import pytest

from syndication.cli import main
from tests.deploy import runbook
from tests.deploy.machine import Machine
from tests.deploy.programs import DEPLOY, needs, substituted
from tests.support.foreign_newsroom import ForeignNewsroom, toml
from tests.support.service import ROOT, until

ADDRESS = (
    "postgresql://syndication:PASSWORD@db.daily.example/news"
    "?sslmode=verify-full&sslrootcert=/etc/syndication/database-ca.pem"
)
"""The address of a database on another machine, as the runbook has it."""

ONE = "First installation: one machine"
BACKUP, RESTORE, UPGRADE = "Backup", "Restore from a backup", "Upgrade without a missed poll"

pytestmark = [needs("sqlite3", "curl", "openssl"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """One machine with SQLite, installed by the book, with a story in its feed."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    try:
        machine.write_settings()
        said = machine.follow(ONE)
        assert "Workers: 1." in said and "<feed" in said
        machine.publish("kept", "A story that stays")
        machine.until_feed("A story that stays")
        yield machine
    finally:
        machine.off()


DELETE = "DELETE FROM article WHERE id = 'gone'"
DELETIONS = {
    "": f'sqlite3 /var/lib/syndication/syndication.db "{DELETE}"',
    "postgresql": f'runuser -u postgres -- psql -qd news -c "{DELETE}"',
}


def go_back(machine: Machine, of: str = "") -> None:
    """Backup; then stories are withdrawn, deleted, published, and published and withdrawn; then restore."""
    machine.publish("gone", "A story that is deleted")
    machine.publish("bad", "A story that must go")
    machine.until_feed("A story that must go")
    machine.follow(BACKUP, of)
    machine.type("syndication withdraw bad")
    machine.type(DELETIONS[of])
    machine.until_feed("A story that must go", stands=False)
    machine.publish("lost", "A story since the backup")
    machine.publish("worse", "A story that was a mistake")
    machine.until_feed("A story that was a mistake")
    machine.type("syndication withdraw worse")
    latest = machine.until_feed("A story that was a mistake", stands=False)
    assert "A story since the backup" in latest.body.decode()
    stop, *others = runbook.blocks(RESTORE)
    if of:
        # Its first and second step are of SQLite's files.
        machine.type("systemctl stop syndication-web syndication-worker@1")
        machine.follow(RESTORE, of)
        others = [block for block in others if "sqlite3" not in block.commands]
        for_all = [*others]
    else:
        for_all = [stop, *others]
    for block in for_all:
        machine.type(block.commands)

    back = machine.until_feed("A story that stays")
    assert "A story that must go" not in back.body.decode(), "it was withdrawn"
    assert "A story that is deleted" not in back.body.decode(), "it was deleted"
    assert "A story since the backup" not in back.body.decode(), "nobody has pushed it again yet"
    # An entity tag of a lost version gets the whole feed, and whatever the date is that comes with it.
    tag, date = latest.headers["etag"], latest.headers["last-modified"]
    assert machine.feed(If_None_Match=tag, If_Modified_Since=date).status == 200
    machine.publish("worse", "A story that was a mistake")
    machine.publish("lost", "A story since the backup")
    again = machine.until_feed("A story since the backup")
    assert "A story that was a mistake" not in again.body.decode(), "it was withdrawn, and the CMS pushed it again"
    assert again.headers["etag"] != tag
    assert machine.feed(If_Modified_Since=date).status == 200
    assert re.search(r"^taiwan +out ", machine.type("syndication trace worse || true"), re.MULTILINE)


@pytest.mark.thorough
def test_after_a_restore_nothing_is_back_that_was_forbidden_since(machine):
    go_back(machine)


def test_an_upgrade_leaves_every_copy_good_and_no_poll_unanswered(machine):
    tag = machine.feed().headers["etag"]
    said = machine.follow(UPGRADE)
    assert (machine.root / "opt/syndication").resolve().name == "syndication-1.1.0"
    assert said.splitlines()[-1] == "304" and machine.feed(If_None_Match=tag).status == 304


BY_THEMSELVES = (ONE, BACKUP, RESTORE, UPGRADE, "Rotate a secret")
RECIPES = [name for name in runbook.CHAPTERS if runbook.blocks(name) and name not in BY_THEMSELVES]


@pytest.mark.parametrize("heading", RECIPES)
def test_after_each_recipe_all_is_well(machine, heading):
    machine.follow(heading)
    machine.type("syndication status")
    assert machine.get("/readyz").status == 200 and machine.feed().status == 200


@pytest.fixture
def cms(machine):
    """Ten stories of another system, which the machine reads as a source while a test runs."""
    cms = ForeignNewsroom(f"sqlite:///{machine.root}/cms.db")
    for number in range(1, 11):
        cms.publish(number)
    settings = machine.root / "etc/syndication/syndication.toml"
    before = settings.read_text()
    settings.write_text(before + toml(cms.table()))
    machine.type("systemctl restart syndication-worker@1")
    machine.until_feed("Story 10")
    yield cms
    settings.write_text(before)
    machine.type("systemctl restart syndication-worker@1")


def until_source(machine: Machine, words: str) -> None:
    """Waits until the list of sources has these words; it exits with 1 while one is held or cannot be read."""
    until(lambda: words in machine.type("syndication source list || true"))


def test_source_that_is_held_unread_or_paused_is_read_again(machine, cms):
    heading = "A source is held or cannot be read"
    cms.do("UPDATE story SET live = 0 WHERE number > 2")
    until_source(machine, "cms  Held: ")
    assert "Story 10" in machine.feed().body.decode(), "nothing changes while it is held"
    machine.follow(heading, "held")
    machine.until_feed("Story 10", stands=False)
    until_source(machine, "cms  Up to date: ")

    cms.do("ALTER TABLE story RENAME TO away")
    until_source(machine, "cms  Failing: ")
    assert "Story 1<" in machine.feed().body.decode(), "its articles stay"
    cms.do("ALTER TABLE away RENAME TO story")
    assert "2 of the newest stories read" in machine.follow(heading, "unread")
    until_source(machine, "cms  Up to date: ")

    machine.type("syndication source pause cms")
    cms.publish(11)
    until_source(machine, "cms  Paused: ")
    machine.follow(heading, "paused")
    machine.until_feed("Story 11")
    machine.follow(heading)


@pytest.mark.thorough
def test_secrets_are_rotated(machine):
    common = machine.root / "etc/systemd/system/syndication-.service.d/common.conf"
    common.write_text(re.sub(r"^#(LoadCredential|Environment)", r"\1", common.read_text(), flags=re.MULTILINE))
    machine.type("syndication token create cms-2026 --scope read")
    key = "sqlite3 /var/lib/syndication/syndication.db 'SELECT key FROM signing_key'"
    page = machine.get("/editors/login")
    old = machine.type(key)
    said = machine.follow("Rotate a secret")
    assert page.status == machine.get("/editors/login").status == 200
    assert machine.type(key) not in ("", old)
    assert re.search(r"cms-2027 ", said) and "syn" in said
    assert "cms-2026" in machine.type("syndication token list --all")
    assert "cms-2026" not in machine.type("syndication token list")
    assert "editors.webhook_secret = ***" in machine.type(
        "SYNDICATION_EDITORS__WEBHOOK_SECRET_FILE=/etc/syndication/webhook_secret syndication config"
    )


@pytest.fixture
def postgres(postgres_server):
    """The server as an administrator finds it: a role and an empty database of ours. Gives its variables."""
    with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as admin:
        host, user = admin.info.host, admin.info.user
        (binaries,) = admin.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone() or ("",)
        admin.execute("CREATE ROLE syndication LOGIN")
        admin.execute("CREATE DATABASE news OWNER syndication")
        yield binaries, {"PGHOST": host, "PGUSER": user}
        for name in ("news", "news_before", "news_restored"):
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute("DROP ROLE syndication")


@pytest.fixture
def large(tmp_path, postgres):
    """A machine with PostgreSQL."""
    binaries, variables = postgres
    machine = Machine(tmp_path / "machine", variables, binaries)
    machine.write_settings()
    url = f"postgresql://syndication@/news?host={variables['PGHOST']}"
    yield machine, url
    machine.off()


@pytest.mark.thorough
def test_the_same_with_postgresql_and_a_new_password(large):
    machine, url = large
    first, *_ = runbook.blocks(ONE)
    machine.type(first.commands.replace("sqlite:////var/lib/syndication/syndication.db", url))
    machine.publish("kept", "A story that stays")
    machine.until_feed("A story that stays")
    go_back(machine, "postgresql")
    machine.follow("Rotate a secret", "postgresql")
    machine.type("systemctl restart syndication-web\nsyndication status")


@pytest.mark.thorough
def test_after_a_move_to_postgresql_every_copy_is_good(large):
    machine, url = large
    machine.follow(ONE)
    machine.publish("kept", "A story that stays")
    tag = machine.until_feed("A story that stays").headers["etag"]
    (move,) = runbook.blocks("Move from SQLite to PostgreSQL", "move")
    machine.type(substituted(move.commands, (ADDRESS, url)))
    machine.type("syndication status")
    assert machine.feed(If_None_Match=tag).status == 304
    assert "postgresql://" in machine.type("syndication config | grep database.url")
    machine.publish("next", "A story on PostgreSQL")
    machine.until_feed("A story on PostgreSQL")


def test_every_recipe_says_by_what_sign_what_it_means_and_how_to_see_that_it_worked():
    for anchor in re.findall(r"todo: RUNBOOK.md#(\S+)", (DEPLOY / "monitoring/alerts.yaml").read_text()):
        words = " ".join(runbook.anchors()[anchor].split())
        assert "**Sign**" in words and "**It means**" in words and "```sh" in words, anchor


@pytest.mark.parametrize("block", runbook.BLOCKS, ids=lambda block: block.commands.splitlines()[0][:40])
def test_every_command_can_be_typed(block):
    """Those too that need another machine than a test has."""
    assert subprocess.run(["bash", "-n", "-c", block.commands], check=False).returncode == 0
    for path in re.findall(r"\bdeploy/[a-z]+/[\w./*@-]*", block.commands):
        assert list(ROOT.glob(path.rstrip("/"))), path
    for unit in re.findall(r"\bsyndication-(?:web|worker@[\w*]|migrate)\b", block.commands):
        assert (DEPLOY / f"systemd/{re.sub('@.*', '@', unit)}.service").exists(), unit


def test_every_command_of_ours_and_its_options_are_there():
    shown = re.findall(r"(?:^|`|\|\| |-- |worker )syndication ((?:[a-z-]+ ?)+)([^`\n|;]*)", runbook.TEXT, re.MULTILINE)
    assert len(shown) > 20
    for words, rest in shown:
        command: click.Command = main
        for word in words.split():
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
        assert command is not main or words.strip() == "--version", words
        known = {opt for parameter in command.params for opt in parameter.opts}
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in known, f"{words} {option}"


def test_settings_and_links_that_are_named_are_there():
    text = (ROOT / "config/syndication.toml").read_text()
    for table, key in re.findall(r"`(worker|editors|server|database)\.(?!yaml)(\w+)`", runbook.TEXT):
        assert re.search(rf"^\[{table}\][^\[]*^{key} =", text, re.MULTILINE), f"{table}.{key}"
    for alert in re.findall(r"the alerts? `(\w+)`(?: and `(\w+)`)?", runbook.TEXT):
        for name in filter(None, alert):
            assert f"alert: {name}\n" in (DEPLOY / "monitoring/alerts.yaml").read_text()


BUILT_IN = ("echo", "printf", "(umask")
"""What a shell does itself: no process has it on its command line."""


@pytest.mark.parametrize("block", runbook.BLOCKS, ids=lambda block: block.commands.splitlines()[0][:40])
def test_no_secret_is_on_a_command_line(block):
    """Everybody on the machine sees those: secrets come by files and by standard input."""
    without_documents = re.sub(r"<<'(\w+)'\n.*?^\1$", "", block.commands, flags=re.MULTILINE | re.DOTALL)
    for line in without_documents.splitlines():
        if re.search(r"password|PASSWORD|secret=|--from-literal|\$\(cat", line) and not line.startswith(BUILT_IN):
            assert re.search(r"--pwprompt|openssl rand|^#", line), line


def test_every_address_of_a_database_says_how_it_is_encrypted():
    addresses = re.findall(r"postgresql://[^\s\"'`)]+", runbook.TEXT)
    assert len(addresses) > 3
    for address in addresses:
        assert "sslmode=verify-full&sslrootcert=" in address or "@db/news?sslmode=disable" in address, address
