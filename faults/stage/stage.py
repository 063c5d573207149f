"""A stage: one database, workers and web processes, and the equipment for a fault."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faults.stage.blackhole import BlackHole
from faults.stage.clocks import Clock
from faults.stage.databases import new_postgresql, new_sqlite
from faults.stage.disk import Disk
from faults.stage.newsroom import PATHS, write_configuration
from faults.stage.pooler import Pooler
from faults.stage.postgresql import Postgresql
from faults.stage.processes import OBEDIENT, Keeper, Program, Web
from faults.stage.programs import own
from faults.stage.waiting import NeverHappened, until

START_SECONDS = 120

FORK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a stage; ``disk`` is the size of the database's own disk in megabytes, 0 for the machine's disk.

    ``cut`` are the kinds of process that connect to PostgreSQL through the black hole. With ``obedient`` the processes
    obey file modes even as root.
    """

    dialect: str
    workers: int = 1
    webs: int = 2
    writers: int = 1
    cut: tuple[str, ...] = ()
    pooler: bool = False
    disk: int = 0
    clocks: bool = False
    obedient: bool = False


class Stage:
    """See ``staged``. ``url`` is the direct URL of the database; ``tidy`` removes everything at the end."""

    def __init__(self, folder: Path, plan: Plan, tidy: contextlib.ExitStack) -> None:
        self.folder = folder
        self.plan = plan
        self.claims: list[str] = []
        """Losses that a fault found itself."""
        self.clocks = {kind: Clock(folder / f"{kind}.clock") if plan.clocks else Clock() for kind in KINDS}
        self.data = folder / "data"
        self.data.mkdir()
        self.disk = Disk(self.data, plan.disk) if plan.disk else None
        if self.disk is not None:
            tidy.callback(self.disk.unmount)
        write_configuration(folder)
        self.server: Postgresql | None = None
        self.hole: BlackHole | None = None
        self.pooler: Pooler | None = None
        if plan.dialect == "postgresql":
            self.url = self._start_postgresql(tidy)
        else:
            self.file = new_sqlite(self.data)
            self.url = f"sqlite:///{self.file}"
        self.workers = [
            Program(f"worker-{n}", ["worker"], folder, self._environ("worker")) for n in range(1, plan.workers + 1)
        ]
        self.webs = [Web(f"web-{n}", folder, self._environ("web")) for n in range(1, plan.webs + 1)]
        if plan.obedient and os.geteuid() == 0:
            for program in self.programs:
                program.command = [*OBEDIENT, *program.command]
        self.keeper = Keeper(self.programs)

    def _start_postgresql(self, tidy: contextlib.ExitStack) -> str:
        """Starts the server and what is in front of it, and returns the direct URL."""
        for path in (self.folder, self.data):
            own(path)
        data, log = new_postgresql(self.data), self.folder / "postgresql.log"
        self.server = Postgresql(data, log, self.clocks["database"].environ())
        tidy.callback(self.server.kill)
        self.server.start()
        if self.plan.cut:
            self.hole = BlackHole(self.server.port)
            tidy.callback(self.hole.close)
        if self.plan.pooler:
            server = {"host": "127.0.0.1", "port": str(self.server.port), "dbname": "news", "user": "postgres"}
            self.pooler = Pooler(self.folder, server)
            tidy.callback(self.pooler.kill)
        return self.server.url()

    def _environ(self, kind: str) -> dict[str, str]:
        """Returns the environment of one kind of process: its database URL and its clock."""
        url = self.url
        if self.server is not None and self.pooler is not None:
            url = self.server.url(self.pooler.port)
        elif self.server is not None and self.hole is not None and kind in self.plan.cut:
            url = self.server.url(self.hole.port)
        # The writer means every deletion, and after a freeze many of a small section come at once.
        holds = {"SYNDICATION_WORKER__HOLD_SECONDS": "0"}
        return {"SYNDICATION_DATABASE__URL": url, **holds, **self.clocks[kind].environ()}

    @property
    def programs(self) -> list[Program]:
        """The service's processes."""
        return [*self.workers, *self.webs]

    @property
    def clock(self) -> Clock:
        """The clock that counts: the database server's, or that of the one machine with SQLite."""
        return self.clocks["database" if self.server else "worker"]

    def start(self) -> None:
        """Starts the processes, and waits until each web process serves every feed."""
        self.keeper.start()
        if self.plan.clocks:
            self._replace_hung_forks()
        until(self._serves_everything, START_SECONDS, "every feed is served")

    def _replace_hung_forks(self) -> None:
        """Kills web processes that serve nothing, once.

        libfaketime reads the clock under a lock, which a fork copies. If another thread held it, the child hangs.
        """
        try:
            until(self._serves_everything, FORK_SECONDS, "every feed is served")
        except NeverHappened:
            for web in self.webs:
                web.kill()
                web.killed.clear()  # It is no part of the play.

    def _serves_everything(self) -> bool:
        return all(web.get(path)[0] == 200 for web in self.webs for path in PATHS)


KINDS = ("database", "worker", "web")
"""The machines, each with its own clock."""


@contextlib.contextmanager
def staged(plan: Plan) -> Iterator[Stage]:
    """Creates a stage whose feeds are served, and removes it at the end."""
    with contextlib.ExitStack() as tidy:
        folder = Path(tempfile.mkdtemp(prefix="syndication-faults-"))
        tidy.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        stage = Stage(folder, plan, tidy)
        tidy.callback(stage.keeper.stop)
        stage.start()
        yield stage
