"""Varnish with the VCL of ``deploy/varnish``: the file itself, with this machine's ports in it."""

import json
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.deploy.programs import DEPLOY, program, run, substituted
from tests.deploy.webs import Front
from tests.support.service import Answer, free_port, until

VCL = DEPLOY / "varnish/default.vcl"
UNIT = DEPLOY / "varnish/varnish.service.d/syndication.conf"


LISTENERS = ("readers", "proxied", "inside")
"""Where it listens, by the names that the VCL looks at."""


def parameters() -> list[str]:
    """The ``-p`` and ``-s`` and their values, as the unit gives them to Varnish."""
    return [word for pair in re.findall(r"(-[ps]) (\S+)", UNIT.read_text()) for word in pair]


def listeners(ports: Mapping[str, int]) -> list[str]:
    """The ``-a`` of the unit, on these ports of this machine."""
    found = dict(re.findall(r"-a (\w+)=(\S+)", UNIT.read_text()))
    assert tuple(found) == LISTENERS
    words = []
    for name, place in found.items():
        words += ["-a", f"{name}=127.0.0.1:{ports[name]}{',PROXY' if place.endswith(',PROXY') else ''}"]
    return words


def vcl(*ports: int, replace: tuple[tuple[str, str], ...] = ()) -> str:
    """The VCL for web machines on these ports of this machine."""
    text = VCL.read_text()
    for name, port in zip(("web1", "web2"), ports, strict=True):
        host = f'.host = "{name}.daily.example";\n    .port = '
        text = substituted(text, (f'{host}"8000"', f'.host = "127.0.0.1";\n    .port = "{port}"'))
    return substituted(text, *replace)


class Varnish(Front):
    """Varnish in front of two ports; ``replace`` are more changes of the VCL."""

    def __init__(self, folder: Path, ports: list[int], replace: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(free_port())
        self.proxied = free_port()
        self.inside = Front(free_port())
        places = {"readers": self.port, "proxied": self.proxied, "inside": self.inside.port}
        (folder / "site.vcl").write_text(vcl(*ports, replace=replace))
        self.work = folder / "varnish"
        command = [
            program("varnishd"), "-F", "-j", "none", "-n", str(self.work), *listeners(places),
            "-T", "none", "-f", str(folder / "site.vcl"), *parameters(),
        ]  # fmt: skip
        self.log = (folder / "varnish.log").open("wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        until(lambda: self.connect().close() is None)

    def counters(self, name: str) -> list[int]:
        """Varnish's own counters of a name, in which a star stands for any."""
        told = json.loads(run("varnishstat", "-1", "-j", "-n", self.work, "-f", name).stdout)
        return [int(counter["value"]) for counter in told["counters"].values()]

    def entries(self) -> int:
        """The answers that it keeps. Its threads add to its counters when they come to it: wait until they agree."""

        def settled() -> list[int]:
            first = self.counters("MAIN.n_object")
            time.sleep(0.3)
            return first if first == self.counters("MAIN.n_object") else []

        return int(until(settled)[0])

    def feeds_kept(self) -> int:
        """What its place for feeds holds."""
        return self.counters("SMA.feeds.g_alloc")[0]

    def well(self) -> bool:
        """Whether both machines answered its last two probes: each is a bit."""
        return [happy & 0b11 for happy in self.counters("VBE.*.happy")] == [0b11, 0b11]

    def empty(self) -> None:
        """Forget every copy."""
        assert self.purge("feeds").status == 200

    def purge(self, keys: str) -> Answer:
        """Ask it to forget what has one of these keys."""
        return self.inside.ask("PURGE", "/", {"Surrogate-Key": keys})

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
