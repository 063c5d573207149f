"""PgBouncer in transaction mode: nothing that outlives a transaction gets through it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.processes import free_port
from faults.stage.programs import own, user

PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin"

# PgBouncer 1.18 refuses unknown startup parameters, "options" among them.
CONFIGURATION = """
[databases]
{server[dbname]} = {target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 200
server_login_retry = 1
ignore_startup_parameters = extra_float_digits, options
"""


def missing() -> str:
    """Returns why PgBouncer cannot run here; empty if it can."""
    return "" if shutil.which("pgbouncer", path=PATHS) else "pgbouncer is missing: apt-get install pgbouncer"


class Pooler:
    """PgBouncer in front of ``server``, a connection's parameters. ``servers``: how many connections it shares."""

    def __init__(self, folder: Path, server: Mapping[str, str], servers: int = 6) -> None:
        self.port = free_port()
        self._folder = folder
        self._settings = folder / "pgbouncer.ini"
        target = " ".join(f"{name}={value}" for name, value in server.items())
        self._settings.write_text(CONFIGURATION.format(server=server, target=target, servers=servers, port=self.port))
        own(self._settings)
        self.launch()

    def launch(self) -> None:
        """Starts PgBouncer."""
        program = shutil.which("pgbouncer", path=PATHS) or ""
        with (self._folder / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, str(self._settings)], stdout=log, stderr=log, user=user(), cwd=self._folder
            )

    def kill(self) -> None:
        """Kills PgBouncer with SIGKILL."""
        self._process.kill()
        self._process.wait()
