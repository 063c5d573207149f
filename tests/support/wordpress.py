"""A real WordPress on a real MariaDB, out of Debian, on a socket and on loopback: started once for all tests."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.support.service import free_port, until

PROGRAM = Path("/usr/share/wordpress")
PREFIX = "news_"
"""Not WordPress' own: the prefix of the tables is a setting."""

READER = "reader"
"""The user of the database that may only SELECT, as docs/sources-wordpress.md grants it."""

CONFIG = """<?php
define('DB_NAME', 'daily'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}');
define('WP_CONTENT_DIR', '{content}'); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG', false);
$table_prefix = '{prefix}';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

# A page with an error and the status 200 is what many hosts show while they mend something.
ROUTER = """<?php
if (file_exists(__DIR__ . '/refused')) { http_response_code((int) file_get_contents(__DIR__ . '/refused'));
    echo '<html><body>Briefly unavailable for scheduled maintenance.</body></html>'; return true; }
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path !== '/' && is_file(__DIR__ . $path)) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/index.php';
"""

INSTALL = """
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('The Daily', 'admin', 'admin@daily.example', true, '', 'password');
update_option('timezone_string', 'Asia/Taipei');
update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
flush_rewrite_rules();
foreach (get_posts(['numberposts' => -1, 'post_type' => 'any', 'post_status' => 'any']) as $p)
    wp_delete_post($p->ID, true);
"""

# One process does all acts: it reads a line of PHP as JSON, runs it inside WordPress, and writes the result as a line.
DESK = """<?php
$_SERVER['HTTP_HOST'] = '{host}'; $_SERVER['REQUEST_METHOD'] = 'GET'; $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
{before}
require '{site}/wp-load.php';
foreach (['image', 'file', 'media', 'post', 'taxonomy', 'user'] as $part)
    require_once ABSPATH . "wp-admin/includes/$part.php";
while (($line = fgets(STDIN)) !== false) {{
    wp_cache_flush();
    ob_start();
    try {{ $answer = ['result' => eval(json_decode($line))]; }}
    catch (Throwable $e) {{ $answer = ['error' => $e->getMessage()]; }}
    $said = ob_get_clean();
    if ($said) $answer['said'] = $said;
    echo json_encode($answer), "\\n";
}}
"""


def missing() -> str:
    """Returns what is not installed, as the reason of a skip; empty if nothing is."""
    programs = {
        "wordpress": (PROGRAM / "wp-load.php").exists(),
        "mariadb-server": bool(shutil.which("mariadbd", path="/usr/sbin:/usr/bin")),
        "php-cli": bool(shutil.which("php")),
        "php-mysql": bool(shutil.which("php")) and "mysqli" in _run("php", "-m"),
    }
    absent = [name for name, there in programs.items() if not there]
    return f"not installed: {', '.join(absent)}" if absent else ""


def _run(*words: str, input: str = "") -> str:
    done = subprocess.run(words, input=input, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class WordPress:
    """The site. ``do`` runs PHP inside WordPress, ``sql`` a statement behind its back, ``get`` asks as the public."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "my.sock"
        self.site = folder / "site"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[Any]] = []
        self._root: pymysql.Connection[Any] | None = None

    @property
    def database(self) -> str:
        """The address of the database for the user that may only read."""
        return f"mysql://{READER}:secret@localhost/daily?unix_socket={self.socket}"

    def start(self) -> None:
        self._start_mariadb()
        self._make_site()
        self._desk = self._start_desk("define('WP_INSTALLING', true);")
        self.do(INSTALL)
        self._stop(self._desk)
        self._desk = self._start_desk("")
        self._start_web()

    def _start_mariadb(self) -> None:
        data = self.folder / "db"
        user = f"--user={os.environ.get('USER', 'root') if os.getuid() else 'root'}"
        _run(
            "mariadb-install-db",
            "--no-defaults",
            user,
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        )
        # Power cuts are not among what these tests inject.
        server = shutil.which("mariadbd", path="/usr/sbin:/usr/bin")
        self._begin(
            [
                str(server),
                "--no-defaults",
                user,
                f"--datadir={data}",
                f"--socket={self.socket}",
                "--skip-networking",
                f"--pid-file={self.folder / 'my.pid'}",
                "--innodb-buffer-pool-size=128M",
                "--innodb-log-file-size=16M",
                "--innodb-flush-log-at-trx-commit=0",
                "--performance-schema=OFF",
            ],
            "mariadb",
        )
        until(self._connects)
        self.sql("CREATE DATABASE daily CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
        self.sql(f"CREATE USER {READER}@localhost IDENTIFIED BY 'secret'")
        self.sql(f"GRANT SELECT ON daily.* TO {READER}@localhost")
        self.sql("USE daily")
        self.sql("SET SESSION sql_mode = ''")  # As WordPress sets it: a draft has zero dates.

    def _connects(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as trial:
            trial.connect(str(self.socket))
            return True
        return False

    def _make_site(self) -> None:
        content = self.site / "wp-content"
        (content / "mu-plugins").mkdir(parents=True)
        (content / "themes").mkdir()
        for path in PROGRAM.glob("*.php"):
            shutil.copy(path, self.site)
        for name in ("wp-includes", "wp-admin"):
            (self.site / name).symlink_to(PROGRAM / name)
        (content / "themes" / "plain").mkdir()
        (content / "themes" / "plain" / "style.css").write_text("/* Theme Name: plain */")
        (content / "themes" / "plain" / "index.php").write_text("<?php ?>")
        (content / "themes" / "plain" / "functions.php").write_text("<?php add_theme_support('post-thumbnails');")
        config = CONFIG.format(socket=self.socket, url=self.url, content=content, prefix=PREFIX)
        (self.site / "wp-config.php").write_text(config.replace("{prefix}", PREFIX))
        (self.site / "router.php").write_text(ROUTER)

    def _start_desk(self, before: str) -> "subprocess.Popen[str]":
        script = self.folder / "desk.php"
        script.write_text(DESK.format(host=f"127.0.0.1:{self.port}", site=self.site, before=before))
        return self._begin(["php", "-d", "error_reporting=0", str(script)], "desk", pipes=True)

    def _start_web(self) -> None:
        self.do("switch_theme('plain'); return 1;")
        words = ["php", "-d", "error_reporting=0", "-d", "opcache.enable_cli=1", "-S", f"127.0.0.1:{self.port}",
                 "-t", str(self.site), str(self.site / "router.php")]  # fmt: skip
        self._web = self._begin(words, "php", env=os.environ | {"PHP_CLI_SERVER_WORKERS": "2"})
        until(lambda: self.get("/wp-json/")[0] == 200)

    def kill_web(self) -> None:
        """Kills PHP with all its workers, whatever they are doing."""
        self._processes.remove(self._web)
        os.killpg(self._web.pid, signal.SIGKILL)
        self._web.wait(30)

    def start_web(self) -> None:
        """Starts PHP again after ``kill_web``."""
        self._start_web()

    def _begin(self, words: list[str], name: str, env: Any = None, *, pipes: bool = False) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE if pipes else None
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                words, stdin=pipe, stdout=pipe or log, stderr=log, text=True, env=env, start_new_session=True
            )
        self._processes.append(process)
        return process

    def _stop(self, process: "subprocess.Popen[Any]") -> None:
        self._processes.remove(process)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)

    def stop(self) -> None:
        if self._root is not None:
            self._root.close()
        for process in reversed(list(self._processes)):
            self._stop(process)

    def do(self, php: str) -> Any:
        """Runs PHP inside WordPress, and returns what it returns."""
        assert self._desk.stdin and self._desk.stdout
        self._desk.stdin.write(json.dumps(php) + "\n")
        self._desk.stdin.flush()
        line = self._desk.stdout.readline()
        assert line, (self.folder / "desk.log").read_text()
        answer = json.loads(line)
        assert "error" not in answer, answer
        return answer.get("result")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs a statement as root, committed at once."""
        if self._root is None:
            self._root = pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True, ssl_disabled=True)
        with self._root.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def get(self, path: str) -> tuple[int, bytes]:
        """Asks as anybody may."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def public(self) -> list[dict[str, Any]]:
        """Returns the posts that WordPress' own REST API shows to anybody."""
        status, body = self.get("/wp-json/wp/v2/posts?per_page=100&_embed")
        assert status == 200, body
        return list(json.loads(body))

    @contextlib.contextmanager
    def refusing(self, status: int) -> Iterator[None]:
        """Answers everything with a page of this status, as a site does that is being mended."""
        flag = self.site / "refused"
        flag.write_text(str(status))
        try:
            yield
        finally:
            flag.unlink()


@contextlib.contextmanager
def running_wordpress() -> Iterator[WordPress]:
    """Starts WordPress and its database; ends them and removes their folder afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wp-"))
    site = WordPress(folder)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def wordpress() -> Iterator[WordPress]:
    """The one site of this run; skips where the programs are not installed."""
    if absent := missing():
        pytest.skip(absent)
    with running_wordpress() as site:
        yield site
