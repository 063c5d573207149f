"""Makes br and zstd of published documents, in a transaction of their own: gzip is served until then.

    read       the documents of a version in gzip          (a read)
    make       the other codings                           (no transaction)
    write      these, unless the version was replaced      (a short write)

A crash between any two steps repeats work and loses none: the database says which versions lack their codings.
"""

from collections.abc import Callable, Mapping

from syndication.model.compression import COMPRESSORS
from syndication.store.db.database import Database
from syndication.store.publishing import codings, documents
from syndication.store.publishing.codings import CodedBody

LATER = tuple(coding for coding in COMPRESSORS if coding != "gzip")
"""The codings that are made after a version was published."""


def make_codings(database: Database, section: str, version: int, pause: Callable[[], None]) -> bool:
    """Makes and writes the codings of a version; returns False if it is not the published one any more.

    Calls ``pause`` before each step that takes the processor.
    """
    with database.read() as conn:
        bodies: Mapping[str, bytes] = documents.load_bodies(conn, section, version)
    made = []
    for format, body in bodies.items():
        for coding in LATER:
            pause()
            made.append(CodedBody(section, format, coding, version, COMPRESSORS[coding](body)))
    pause()
    if not made:
        return False
    with database.write() as conn:
        return codings.write_codings(conn, section, version, made)
