"""nginx with the site of ``deploy/nginx``: the file itself, with this machine's ports and folders in it."""

import json
import os
import subprocess
from pathlib import Path

from tests.deploy.programs import DEPLOY, program, run, substituted
from tests.deploy.webs import Front
from tests.support.service import free_port, until

SITE = DEPLOY / "nginx/syndication.conf"

AROUND = """
{user}
daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include site.conf;
}}
"""
"""What Debian's nginx.conf has around a site."""


def certificate(folder: Path, name: str) -> Path:
    """A certificate of this name that signs itself; gives its file, the key is beside it."""
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    assert run("openssl", "req", "-x509", *curve, *names, *files).returncode == 0
    return folder / "fullchain.pem"


class Nginx(Front):
    """nginx in front of two ports; ``plain`` is its port without TLS, ``replace`` are more changes of the site."""

    def __init__(self, folder: Path, ports: list[int], replace: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(free_port(), certificate(folder, self.host))
        self.folder = folder
        self.plain = free_port()
        site = substituted(
            SITE.read_text(),
            ("web1.daily.example:8000", f"127.0.0.1:{ports[0]}"),
            ("web2.daily.example:8000", f"127.0.0.1:{ports[1]}"),
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("listen [::]:443", f"listen [::1]:{self.port}"),
            ("listen 80", f"listen 127.0.0.1:{self.plain}"),
            ("listen [::]:80", f"listen [::1]:{self.plain}"),
            ("/etc/ssl/syndication", str(folder)),
            ("/var/cache/syndication", str(folder / "cache")),
            ("/var/log/nginx", str(folder)),
            *replace,
        )
        (folder / "site.conf").write_text(site)
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(user=user))
        self.command = (program("nginx"), "-p", f"{folder}/", "-c", "nginx.conf")
        self.log = (folder / "error.log").open("wb")
        self.process = subprocess.Popen(self.command, stderr=self.log)
        until(lambda: self.connect().close() is None)

    def entries(self) -> int:
        """The answers that it keeps."""
        return len(self._files())

    def feeds_kept(self) -> int:
        """What its place for feeds holds: there is one place for all that it keeps."""
        return self.entries()

    def well(self) -> bool:
        """Whether it has both machines answer."""
        for _ in range(6):
            assert self.get("/").status == 200
        lines = (self.folder / "access.log").read_text().splitlines()[-6:]
        return len({json.loads(line)["web"] for line in lines}) == 2

    def empty(self) -> None:
        """Forget every copy, as the runbook does."""
        for path in self._files():
            path.unlink()

    def _files(self) -> list[Path]:
        return [path for path in (self.folder / "cache").rglob("*") if path.is_file()]

    def errors(self) -> str:
        """What it had to say."""
        return (self.folder / "error.log").read_text()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
