"""gzip joined from pieces: every decoder reads it, the cache decides no byte of it, and it costs no length."""

import gzip
import random
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from syndication.model.compression import COMPRESSORS
from syndication.pipeline import joined_gzip
from syndication.pipeline.joined_gzip import Parts, PieceCache, gzip_joined

WORDS = ["".join(random.Random(n).choices("etaoinshrdlcumwfgypbvk", k=2 + n % 9)) for n in range(2_000)]


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def prose(seed: int, length: int) -> bytes:
    """Returns an entry of about this length, in words of which some are frequent, as in a language."""
    dice = random.Random(seed)
    words = (WORDS[int(len(WORDS) * dice.random() ** 3)] for _ in range(max(1, length // 6)))
    return f"<entry><id>tag:daily.example,2026:{seed}</id><content>{' '.join(words)}</content></entry>".encode()


def document(head: bytes, entries: Sequence[bytes], separator: bytes = b",", end: bytes = b"]}") -> Parts:
    return Parts(
        body=head + separator.join(entries) + end,
        head=len(head),
        sizes=[len(entry) for entry in entries],
        hashes=[sha256(entry).digest() for entry in entries],
        separator=separator,
    )


def read(packed: bytes) -> bytes:
    """Returns what all decoders agree on; the data is one member, with nothing after it."""
    found = gzip.decompress(packed)
    one = zlib.decompressobj(31)
    assert one.decompress(packed) == found and one.eof and not one.unused_data
    assert zlib_ng.decompress(packed, 31) == found
    return found


lengths = st.one_of(st.integers(1, 300), st.integers(300, 12_000), st.integers(30_000, 70_000))
entries_of_feeds = st.lists(st.builds(prose, st.integers(0, 60), lengths), max_size=24)
changes = st.lists(
    st.tuples(st.sampled_from(["new", "gone", "edit", "swap"]), st.integers(0, 30), st.integers(0, 500), lengths),
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(entries_of_feeds, changes, st.sampled_from([b"", b","]), st.sampled_from([1 << 30, 20_000, 1]))
def test_every_version_of_a_feed_is_read_and_has_the_bytes_of_a_cold_cache(
    entries: list[bytes], changes: list[tuple[str, int, int, int]], separator: bytes, memory: int
) -> None:
    cache = PieceCache(memory)
    with ThreadPoolExecutor(2) as pool:
        for n, (change, place, seed, length) in enumerate([("none", 0, 0, 1), *changes]):
            place = min(place, len(entries))
            if change in ("new", "edit"):
                entries[place : place + (change == "edit")] = [prose(seed, length)]
            elif change == "gone":
                del entries[place:]
            elif change == "swap":
                entries.reverse()
            parts = document(b'{"updated":"%d","items":[' % n, entries, separator)
            (warm,) = gzip_joined([parts], cache, pool)
            assert read(warm) == parts.body
            assert gzip_joined([parts], PieceCache(), pool) == [warm]
            assert cache.used <= memory


@pytest.mark.parametrize("separator", [b"", b","])
def test_documents_together_have_the_bytes_that_each_has_alone(pool: ThreadPoolExecutor, separator: bytes) -> None:
    entries = [prose(n, 2_000) for n in range(60)]
    documents = [document(b"<feed>", entries[n : n + 40], separator) for n in range(0, 20, 5)]
    cache = PieceCache()
    alone = [gzip_joined([one], PieceCache(), pool)[0] for one in documents]
    assert gzip_joined(documents, cache, pool) == alone == gzip_joined(documents[::-1], cache, pool)[::-1]


def test_the_first_entry_of_one_document_is_not_taken_for_a_later_one_of_another(pool: ThreadPoolExecutor) -> None:
    cache, entries = PieceCache(), [prose(n, 3_000) for n in range(4)]
    for some in (entries, entries[1:], entries[2:], entries[::-1], [entries[0], *entries]):
        for separator in (b"", b",", b"\n"):
            parts = document(b"[", some, separator)
            assert read(gzip_joined([parts], cache, pool)[0]) == parts.body


@pytest.mark.parametrize("entries", [[], [b"{}"], [prose(1, 200_000)]], ids=["none", "short", "longer than the window"])
def test_the_gzip_program_reads_it(pool: ThreadPoolExecutor, entries: list[bytes]) -> None:
    parts = document(b"[", entries)
    (packed,) = gzip_joined([parts], PieceCache(), pool)
    done = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (parts.body, b"")
    assert subprocess.run(["gzip", "-t"], input=packed, check=True).returncode == 0


@pytest.mark.parametrize(("count", "length"), [(200, 300), (100, 1_200), (50, 9_000), (20, 40_000)])
def test_it_is_hardly_longer_than_a_body_compressed_as_a_whole(
    pool: ThreadPoolExecutor, count: int, length: int
) -> None:
    parts = document(b"<feed>", [prose(n, length) for n in range(count)], b"")
    (packed,) = gzip_joined([parts], PieceCache(), pool)
    assert len(packed) < 1.02 * len(COMPRESSORS["gzip"](parts.body))


@pytest.mark.parametrize(("count", "length"), [(200, 400), (50, 9_000)])
def test_a_new_entry_on_top_compresses_little(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, count: int, length: int
) -> None:
    compressed: list[int] = []
    real = joined_gzip._deflate

    def counting(text: bytes, window: bytes = b"", *, last: bool = False) -> bytes:
        compressed.append(len(text))
        return real(text, window, last=last)

    monkeypatch.setattr(joined_gzip, "_deflate", counting)
    entries, cache = [prose(n, length) for n in range(count)], PieceCache()
    gzip_joined([document(b"<feed>", entries)], cache, pool)
    compressed.clear()
    # The new entry and those that may refer to it, up to the end of the group that the window ends in.
    gzip_joined([document(b"<feed>", [prose(999, length), *entries[:-1]])], cache, pool)
    assert sum(compressed) < len(entries[0]) + joined_gzip.WINDOW + 4 * joined_gzip.GROUP + 1_000
    compressed.clear()
    gzip_joined([document(b"<other head>", [prose(999, length), *entries[:-1]])], cache, pool)
    assert sum(compressed) < 100, "the head and the end alone"
