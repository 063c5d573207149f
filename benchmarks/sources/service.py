"""The service beside a CMS: a worker that looks each second, and a web process that readers poll."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import free_port, running, syndication, write_config


@contextmanager
def following(where: Path, url: str, source: str, *, sections: int = 0, more: str = "") -> Iterator[int]:
    """Runs the service in this folder with a source, and yields its port. ``more`` goes to sections.toml."""
    write_config(where, sections, more)
    main = where / "config/syndication.toml"
    main.write_text(f"{main.read_text()}\n{source}")
    port = free_port()
    web = syndication("web", "--port", str(port))
    with (
        running(syndication("worker"), where, 0, SYNDICATION_DATABASE__URL=url),
        running(web, where, port, SYNDICATION_DATABASE__URL=url),
    ):
        yield port
