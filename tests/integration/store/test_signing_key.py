"""All web processes share one signing key, whichever needs it first."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg

from syndication.store.access.signing_key import COOKIES, signing_key
from syndication.store.db.database import Database
from tests.integration.store.test_triggers import wait_for_a_lock
from tests.support.service import ROOT, environ

PROGRAM = """
import sys
from syndication.store.db.database import Database
from syndication.store.access.signing_key import signing_key
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(signing_key(database).hex(), flush=True)
"""


def test_the_key_is_created_once_and_random(database, new_url):
    key = signing_key(database)
    assert len(key) == 32 and signing_key(database) == key
    other = Database(new_url("sqlite"))
    assert signing_key(other) != key
    other.close()


def test_concurrent_processes_get_the_same_key(database_url):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, database_url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environ(), text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=30)[0] for process in processes}
    assert len(keys) == 1 and len(keys.pop().strip()) == 64


def test_a_process_uses_the_key_that_another_is_creating(postgres_url):
    database = Database(postgres_url)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as watching:
        with psycopg.connect(postgres_url) as making:
            making.execute("INSERT INTO signing_key VALUES (%s, %s, now())", (COOKIES, "ab" * 32))
            waiting = pool.submit(signing_key, database)
            wait_for_a_lock(watching)
        assert waiting.result(10) == b"\xab" * 32
    database.close()
