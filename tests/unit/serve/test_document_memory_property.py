"""Properties of the documents in memory, for any order of commits, loads, readings for polls and polls."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from syndication.model.values import ENCODINGS, Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.document_memory import OVERHEAD, DocumentMemory
from syndication.serve.respond import NOT_IN_MEMORY, respond
from tests.support.newsroom import section, site

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
SLUGS = ["s0", "s1", "s2", "s3"]
BODY = 100
EACH = len(ENCODINGS) * BODY + OVERHEAD

STEPS = st.lists(
    st.tuples(st.sampled_from(["commit", "snapshot", "load", "announce", "read", "offer", "poll"]), st.integers(0, 3)),
    max_size=80,
)


@dataclass
class Process:
    """A web process: the versions in the database, what was read of them, and what polls were answered."""

    feeds: Catalogue
    stored: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SLUGS, 1))
    snapshot: dict[str, int] = field(default_factory=dict)
    readings: list[tuple[str, int]] = field(default_factory=list)
    answered: dict[str, int] = field(default_factory=dict)

    def document(self, slug: str, version: int) -> Document:
        body = f"{slug} {version} ".encode().ljust(BODY, b"x")
        return Document(slug, "atom", version, f"d{version}", NOON, dict.fromkeys(ENCODINGS, body))

    def step(self, kind: str, slug: str) -> None:
        memory = self.feeds.memory
        match kind:
            case "commit":
                self.stored[slug] += 1
            case "snapshot":  # The loader's, which it works through while others go on.
                self.snapshot = dict(self.stored)
            case "load" if self.snapshot:
                version = self.snapshot[slug]
                memory.publish({slug: version}, self.feeds.prepare([self.document(slug, version)]))
            case "announce" if self.snapshot:
                memory.publish(self.snapshot)
            case "read":
                self.readings.append((slug, self.stored[slug]))
            case "offer" if self.readings:
                memory.offer(self.feeds.prepare([self.document(*self.readings.pop(0))])[0])
            case "poll":
                self.poll(slug)

    def poll(self, slug: str) -> None:
        answer = respond(self.feeds, "GET", f"/feeds/{slug}.atom", {})
        if answer is NOT_IN_MEMORY or not answer[0].startswith("200"):
            return
        version = int(answer[2].split()[1])
        assert self.answered.get(slug, 0) <= version <= self.stored[slug]
        self.answered[slug] = version


@given(STEPS, st.integers(1, 5))
def test_no_poll_gets_an_older_version_and_the_budget_holds(steps, documents):
    memory = DocumentMemory(documents * EACH)
    process = Process(Catalogue.empty(site(), {slug: section(slug) for slug in SLUGS}, {}, frozenset(), memory=memory))
    for kind, number in steps:
        process.step(kind, SLUGS[number])
        assert memory.used <= memory.budget and len(memory.by_path) <= documents
        assert memory.size == sum(document.size for document in memory.by_path.values())
        assert sorted(memory._ring) == sorted(memory.by_path)


@given(STEPS)
def test_a_poll_that_waits_gets_the_stored_version(steps):
    memory = DocumentMemory(2 * EACH)
    process = Process(Catalogue.empty(site(), {slug: section(slug) for slug in SLUGS}, {}, frozenset(), memory=memory))
    memory.publish(process.stored)
    for kind, number in steps:
        process.step(kind, SLUGS[number])
    for slug in SLUGS:
        answer = respond(process.feeds, "GET", f"/feeds/{slug}.atom", {})
        if answer is NOT_IN_MEMORY:
            current = process.feeds.prepare([process.document(slug, process.stored[slug])])[0]
            assert memory.offer(current), "what the database has now is never older than what is known"
            process.poll(slug)
            assert process.answered[slug] == process.stored[slug]
