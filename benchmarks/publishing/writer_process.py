"""A program that writes into the database of the measured version with that version's own code.

It is started as a script with PYTHONPATH set to the version, and knows nothing else of this repository: an older
version has other tables. It reads a JSON array a line, the name of a function and its arguments, and answers each with
a line of JSON. ``time.perf_counter`` is the same clock in all processes of a machine.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import syndication
from syndication.model.article_json import parse_article
from syndication.store.access import tokens
from syndication.store.access.audit_log import SERVICE
from syndication.store.articles.articles import put_articles
from syndication.store.db.database import WORK, Database
from syndication.store.migrations.runner import migrate
from syndication.store.processes import workers
from syndication.store.publishing import section_state


class Writer:
    """The functions that can be called, on one database."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def root(self) -> str:
        """Returns the folder that the program was imported from."""
        return str(Path(syndication.__file__).parents[1])

    def migrate(self) -> None:
        """Creates the tables."""
        migrate(self._database)

    def put(self, path: str) -> float:
        """Writes the articles of a file, in the import's format; returns the time at which the last commit returned."""
        with Path(path).open(encoding="utf-8") as lines:
            found = (parse_article(json.loads(line), {}) for line in lines)
            for _ in put_articles(self._database, found):
                pass
        return time.perf_counter()

    def commit(self, article: dict[str, Any]) -> float:
        """Writes one article; returns the time at which the commit returned."""
        list(put_articles(self._database, [parse_article(article, {})]))
        return time.perf_counter()

    def token(self) -> str:
        """Returns the secret of a new token with every scope."""
        with self._database.write() as conn:
            return tokens.create(conn, "benchmark", tokens.SCOPES, None, SERVICE, self._database.now(conn))[1]

    def request_all(self) -> str:
        """Requests every section; returns the time of the database."""
        with self._database.write() as conn:
            now = self._database.now(conn)
            section_state.request(conn, [state.section for state in section_state.list_states(conn)], now)
            self._database.notify(conn, WORK)
        return now.isoformat()

    def workers(self) -> int:
        """Returns the number of running workers."""
        with self._database.read() as conn:
            return len(workers.list_alive(conn, self._database.now(conn)))

    def states(self) -> list[tuple[str, int, str | None, bool]]:
        """Returns the slug, the version, the time of the last regeneration, and whether one waits, of each section."""
        with self._database.read() as conn:
            found = section_state.list_states(conn)
        return [(state.section, state.version, _text(state.regenerated_at), state.pending) for state in found]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def main() -> None:
    """Answers until the input ends."""
    writer = Writer(sys.argv[1])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(writer, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
