"""``syndication init``: what it creates serves at once, nothing is overwritten, and a failure leaves nothing behind."""

import subprocess
import sys
import uuid

import psycopg
import pytest

from syndication.auth.secrets import passwords
from syndication.config.loading import load_settings
from syndication.model.scopes import SCOPES
from syndication.store.access import audit_log, users
from syndication.store.db.database import Database
from syndication.store.migrations.runner import LOCK
from tests.support.people import PASSWORD
from tests.support.service import command, environ, until
from tests.support.terminal import CTRL_C, typed

NAME = ("--name", "The Daily")
ANSWERS = (*NAME, "--base-url", "https://feeds.daily.test", "--authority", "daily.test", "--admin", "mei-hua")
CREATED = {"config", "config/sections.toml", "config/syndication.toml", "var", "var/syndication.db"}


@pytest.fixture(params=["sqlite", "postgresql"])
def new_empty_url(request, tmp_path):
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/other.db"
    base, name = request.getfixturevalue("postgres_server"), f"t{uuid.uuid4().hex}"
    with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    return base.format(name=name)


@pytest.fixture
def init(tmp_path):
    """Runs the command in an empty folder, without a terminal."""

    def run(*arguments, input="", **env):
        return command("init", *arguments, folder=tmp_path, env=environ(**env), input=input)

    return run


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def first_user(folder, url=None):
    database = Database(url or f"sqlite:///{folder}/var/syndication.db")
    with database.read() as conn:
        (user,) = users.list_all(conn)
        hash, acts = users.get_password_hash(conn, user), audit_log.list_entries(conn, 10)
    database.close()
    return user, hash, acts


def test_a_script_sets_up_a_newsroom_that_needs_no_editing(init, tmp_path):
    done = init(*ANSWERS, "--section", "Taiwan", "--section", "world=國際", "--timezone", "Asia/Taipei", "--generate")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == CREATED
    settings = load_settings(tmp_path / "config/syndication.toml", {})
    assert (settings.site.title, list(settings.sections)) == ("The Daily", ["all", "taiwan", "world"])
    user, hash, acts = first_user(tmp_path)
    assert (user.name, user.scopes) == ("mei-hua", SCOPES)
    assert passwords.verify_password(done.stdout.strip(), hash)
    assert [(act.act, act.target, act.source) for act in acts] == [("create user", "mei-hua", "command line")]
    checked = command("config", "--check", folder=tmp_path, env=environ())
    assert checked.returncode == 0 and "is valid: 3 sections." in checked.stdout


def test_it_overwrites_nothing(init, tmp_path):
    assert init(*ANSWERS, "--generate").returncode == 0
    before = (tmp_path / "var/syndication.db").read_bytes()
    again = init("--name", "Another", *ANSWERS[2:], "--generate")
    assert again.returncode == 1 and "exists already, and nothing was changed" in again.stderr
    (tmp_path / "config/syndication.toml").unlink()
    half = init(*ANSWERS, "--generate")
    assert half.returncode == 1 and "sections.toml exists already" in half.stderr
    (tmp_path / "config/sections.toml").unlink()
    used = init(*ANSWERS, "--generate")
    assert used.returncode == 1 and "is in use already, and nothing was changed" in used.stderr
    assert (tmp_path / "var/syndication.db").read_bytes() == before
    assert not (tmp_path / "config/syndication.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--generate",), "Without questions, init needs --name, --base-url, --authority, --admin."),
        (ANSWERS, "Without questions, init needs --generate or --password-stdin."),
        ((*ANSWERS, "--files-only"), "With --files-only, init creates no user"),
        (("--files-only",), "Without questions, init needs --name, --base-url, --authority."),
        ((*ANSWERS, "--generate", "--password-stdin"), "not both"),
        ((*ANSWERS, "--generate", "--timezone", "Asia/Tapei"), "--timezone: There is no time zone 'Asia/Tapei': did"),
        ((*ANSWERS, "--generate", "--section", "國際"), "--section: The section '國際' needs an address"),
        ((*ANSWERS, "--generate", "--section", "All"), "--section: The address of a section is reserved"),
        ((*ANSWERS, "--generate", "--admin", "Mei Hua"), "--admin: The name must have 1 to 64 lower-case letters"),
        ((*ANSWERS, "--generate", "--website", "www.daily.test"), "--website: The address of the website should start"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_created(init, tmp_path, arguments, words):
    done = init(*arguments)
    assert done.returncode == 2 and words in done.stderr and files(tmp_path) == set()


def test_a_weak_password_is_refused_before_anything_is_created(init, tmp_path):
    weak = init(*ANSWERS, "--password-stdin", input="thedaily1234\n")
    assert weak.returncode == 1 and "based on your name or the newsroom's" in weak.stderr
    assert files(tmp_path) == set()
    assert init(*ANSWERS, "--password-stdin", input=f"{PASSWORD}\n").returncode == 0
    assert passwords.verify_password(PASSWORD, first_user(tmp_path)[1])


def test_a_failure_leaves_nothing_that_stops_the_next_attempt(init, tmp_path):
    (tmp_path / "var").write_text("a file where the database's folder should be")
    failed = init(*ANSWERS, "--generate")
    assert failed.returncode == 1 and files(tmp_path) == {"var"}
    (tmp_path / "var").unlink()
    assert init(*ANSWERS, "--generate").returncode == 0


def test_a_database_of_the_environment_is_used_and_its_password_not_written(init, tmp_path, new_empty_url):
    done = init(*ANSWERS, "--generate", SYNDICATION_DATABASE__URL=new_empty_url)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) >= CREATED - {"var", "var/syndication.db"}
    assert "[database] url comes from the environment" in (tmp_path / "config/syndication.toml").read_text()
    assert first_user(tmp_path, new_empty_url)[0].name == "mei-hua"
    (tmp_path / "config/syndication.toml").unlink()
    (tmp_path / "config/sections.toml").unlink()
    again = init(*ANSWERS, "--generate", SYNDICATION_DATABASE__URL=new_empty_url)
    assert again.returncode == 1 and "is in use already" in again.stderr
    assert not (tmp_path / "config/syndication.toml").exists()


def test_a_person_is_asked_and_corrected_question_by_question(tmp_path):
    answers = [
        (b"Name of the newsroom:", " "), (b"The name is empty.", "The Daily"),
        (b"Public address of the feeds", "feeds.daily.test"), (b"should start with https://", "https://feeds.daily.test"),
        (b"Address of the website", "https://www.daily.test"),
        (b"[daily.test]:", ""), (b"Language of the stories [en]:", ""),
        (b"Time zone", "Asia/Tapei"), (b"did you mean Asia/Taipei?", "Asia/Taipei"),
        (b"First sections", "Taiwan, Arts & Leisure"),
        (b"User name of the first administrator:", "Mei-Hua"),
        # The terminal drops what is typed before a question for a password.
        (b"Password for mei-hua (empty: generate one):", "short"), (b"at least 12 characters", None),
        (b"Password for mei-hua (empty: generate one):", PASSWORD), (b"Repeat password:", PASSWORD),
        (b"Create this newsroom?", "y"),
    ]  # fmt: skip
    code, screen = typed(answers, "init", env=environ(), folder=tmp_path)
    assert code == 0 and PASSWORD not in screen, screen
    assert "tag:daily.test," in screen and "Created user mei-hua" in screen
    settings = load_settings(tmp_path / "config/syndication.toml", {})
    assert (settings.site.home_url, str(settings.timezone)) == ("https://www.daily.test", "Asia/Taipei")
    assert list(settings.sections) == ["all", "taiwan", "arts-leisure"]
    assert passwords.verify_password(PASSWORD, first_user(tmp_path)[1])


def test_only_the_files_are_written_for_a_deployment_that_migrates(init, tmp_path, new_empty_url):
    done = init("--files-only", *ANSWERS[:-2], "--section", "Taiwan")
    assert done.returncode == 0 and "syndication user create NAME --role admin --link" in done.stderr, done.stderr
    assert files(tmp_path) == CREATED - {"var", "var/syndication.db"}
    env = environ(SYNDICATION_DATABASE__URL=new_empty_url)
    for arguments in (("migrate",), ("user", "create", "mei-hua", "--role", "admin", "--link")):
        said = command(*arguments, folder=tmp_path, env=env)
        assert said.returncode == 0, said.stderr
    assert "https://feeds.daily.test/editors/password/" in said.stdout
    assert first_user(tmp_path, new_empty_url)[0].scopes == SCOPES


def test_a_database_that_was_only_migrated_gets_its_newsroom(init, tmp_path, new_empty_url):
    env = environ(SYNDICATION_DATABASE__URL=new_empty_url)
    assert command("migrate", folder=tmp_path, env=env).returncode == 0
    done = init(*ANSWERS, "--generate", SYNDICATION_DATABASE__URL=new_empty_url)
    assert done.returncode == 0, done.stderr
    assert first_user(tmp_path, new_empty_url)[0].name == "mei-hua"


QUESTIONS = [
    b"Name of the newsroom:", b"Public address of the feeds", b"Address of the website", b"A domain that",
    b"Language of the stories", b"Time zone", b"First sections", b"User name of the first", b"Password for mei-hua",
    b"Repeat password:", b"Create this newsroom?",
]  # fmt: skip
REPLIES = ["The Daily", "https://feeds.daily.test", "", "", "", "UTC", "Taiwan", "mei-hua", PASSWORD, PASSWORD]


@pytest.mark.parametrize("place", [0, 6, 8, 10])
def test_ctrl_c_at_a_question_leaves_nothing(tmp_path, place):
    answers = [*zip(QUESTIONS[:place], REPLIES, strict=False), (QUESTIONS[place], CTRL_C)]
    code, screen = typed(answers, "init", env=environ(), folder=tmp_path)
    assert code == 1 and "Aborted!" in screen and files(tmp_path) == set()


@pytest.fixture
def busy_url(postgres_server):
    """The address of a database on which somebody else migrates: init waits there, with its files written."""
    url = postgres_server.format(name="postgres")
    with psycopg.connect(url) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield url


def test_what_ends_it_while_it_creates_leaves_nothing(tmp_path, busy_url):
    env = environ(SYNDICATION_DATABASE__URL=busy_url)
    words = [sys.executable, "-m", "syndication", "init", *ANSWERS, "--generate"]
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        until(lambda: (tmp_path / "config/sections.toml").exists())
        running.terminate()
        said, wrong = running.communicate(timeout=20)
    assert (running.returncode, said) == (1, b"") and b"Aborted!" in wrong
    assert files(tmp_path) == set()


def test_a_person_who_says_no_has_changed_nothing(tmp_path):
    answers = [
        (b"First sections", ""), (b"Password for mei-hua", ""), (b"Create this newsroom?", "n")
    ]  # fmt: skip
    given = (*ANSWERS, "--website", "https://www.daily.test", "--language", "en", "--timezone", "UTC")
    code, screen = typed(answers, "init", *given, env=environ(), folder=tmp_path)
    assert code == 1 and "Sections       none yet, only All stories" in screen and files(tmp_path) == set()
