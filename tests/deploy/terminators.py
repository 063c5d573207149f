"""TLS terminators in front of Varnish on the same machine: hitch as it is shipped, and HAProxy as the VCL says."""

import os
import subprocess
from pathlib import Path

from tests.deploy.nginx import certificate
from tests.deploy.programs import DEPLOY, program, substituted
from tests.deploy.webs import Front
from tests.support.service import free_port, until

HITCH = DEPLOY / "varnish/hitch.conf"

HAPROXY = """
global
    maxconn 100
defaults
    mode tcp
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend readers
    bind 127.0.0.1:{port} ssl crt {pem} alpn http/1.1
    default_backend varnish
backend varnish
    server varnish 127.0.0.1:{proxied} send-proxy-v2
"""


class Terminator(Front):
    """A terminator on a port of its own, before the listener ``proxied`` of a Varnish."""

    def __init__(self, folder: Path, proxied: int) -> None:
        super().__init__(free_port(), certificate(folder, self.host))
        self.pem = folder / "both.pem"
        self.pem.write_text((folder / "privkey.pem").read_text() + (folder / "fullchain.pem").read_text())
        self.pem.chmod(0o600)
        self.log = (folder / "terminator.log").open("wb")
        self.process = subprocess.Popen(self.command(folder, proxied), stdout=self.log, stderr=self.log)
        until(lambda: self.connect().close() is None)

    def command(self, folder: Path, proxied: int) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


class Hitch(Terminator):
    """hitch with the shipped file."""

    def command(self, folder: Path, proxied: int) -> list[str]:
        text = substituted(
            HITCH.read_text(),
            ('host = "*"', 'host = "127.0.0.1"'),
            ('port = "443"', f'port = "{self.port}"'),
            ("[127.0.0.1]:6086", f"[127.0.0.1]:{proxied}"),
            ("/etc/hitch/feeds.daily.example.pem", str(self.pem)),
        )
        if os.getuid():
            text = substituted(text, ('user = "_hitch"\n', ""), ('group = "_hitch"\n', ""))
        (folder / "hitch.conf").write_text(text)
        return [program("hitch"), "--config", str(folder / "hitch.conf")]


class HAProxy(Terminator):
    """HAProxy in mode tcp."""

    def command(self, folder: Path, proxied: int) -> list[str]:
        (folder / "haproxy.cfg").write_text(HAPROXY.format(port=self.port, pem=self.pem, proxied=proxied))
        return [program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
