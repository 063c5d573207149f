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
from syndication.pipeline.joined_gzip import Joined, Parts, PieceCache, gzip_joined
from syndication.pipeline.piece_index import pack_index, read_pieces

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


def stored_pieces(joined: Sequence[Joined]) -> dict[bytes, bytes]:
    """Returns what a worker takes out of documents that are stored."""
    return {key: data for one in joined for key, data in read_pieces(one.body, one.pieces).items()}


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
            assert read(warm.body) == parts.body
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
            assert read(gzip_joined([parts], cache, pool)[0].body) == parts.body


@pytest.mark.parametrize("entries", [[], [b"{}"], [prose(1, 200_000)]], ids=["none", "short", "longer than the window"])
def test_the_gzip_program_reads_it(pool: ThreadPoolExecutor, entries: list[bytes]) -> None:
    parts = document(b"[", entries)
    packed = gzip_joined([parts], PieceCache(), pool)[0].body
    done = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (parts.body, b"")
    assert subprocess.run(["gzip", "-t"], input=packed, check=True).returncode == 0


@pytest.mark.parametrize(("count", "length"), [(200, 300), (100, 1_200), (50, 9_000), (20, 40_000)])
def test_it_is_hardly_longer_than_a_body_compressed_as_a_whole(
    pool: ThreadPoolExecutor, count: int, length: int
) -> None:
    parts = document(b"<feed>", [prose(n, length) for n in range(count)], b"")
    packed = gzip_joined([parts], PieceCache(), pool)[0].body
    assert len(packed) < 1.02 * len(COMPRESSORS["gzip"](parts.body))


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records the lengths of what is compressed."""
    found: list[int] = []
    real = joined_gzip._deflate

    def counting(text: bytes, window: bytes = b"", *, last: bool = False) -> bytes:
        found.append(len(text))
        return real(text, window, last=last)

    monkeypatch.setattr(joined_gzip, "_deflate", counting)
    return found


@pytest.mark.parametrize(("count", "length"), [(200, 400), (50, 9_000)])
def test_a_new_entry_on_top_compresses_little(
    pool: ThreadPoolExecutor, compressed: list[int], count: int, length: int
) -> None:
    entries, cache = [prose(n, length) for n in range(count)], PieceCache()
    gzip_joined([document(b"<feed>", entries)], cache, pool)
    compressed.clear()
    # The new entry and those that may refer to it, up to the end of the group that the window ends in.
    gzip_joined([document(b"<feed>", [prose(999, length), *entries[:-1]])], cache, pool)
    assert sum(compressed) < len(entries[0]) + joined_gzip.WINDOW + 4 * joined_gzip.GROUP + 1_000
    compressed.clear()
    gzip_joined([document(b"<other head>", [prose(999, length), *entries[:-1]])], cache, pool)
    assert sum(compressed) < 100, "the head and the end alone"


@settings(deadline=None, max_examples=60)
@given(entries_of_feeds, st.integers(0, 24), st.lists(st.builds(prose, st.integers(61, 90), lengths), max_size=3))
def test_what_is_taken_from_the_stored_version_has_the_bytes_of_a_cold_cache(
    entries: list[bytes], place: int, new: list[bytes]
) -> None:
    changed = [*entries[:place], *new, *entries[place:-1]]
    with ThreadPoolExecutor(2) as pool:
        before = [document(head, entries, head[:1]) for head in (b",[", b"<feed>")]
        after = [document(head + b"later", changed, head[:1]) for head in (b",[", b"<feed>")]
        published = gzip_joined(before, PieceCache(), pool)
        cold = gzip_joined(after, PieceCache(), pool)
        assert gzip_joined(after, PieceCache(), pool, lambda: stored_pieces(published)) == cold
        assert [read(one.body) for one in cold] == [parts.body for parts in after]


def test_a_cold_cache_compresses_only_what_the_stored_version_does_not_have(
    pool: ThreadPoolExecutor, compressed: list[int]
) -> None:
    entries, cache = [prose(n, 9_000) for n in range(50)], PieceCache()
    published = gzip_joined([document(b"<feed>", entries)], PieceCache(), pool)
    compressed.clear()
    (renamed,) = gzip_joined([document(b"<other>", entries)], cache, pool, lambda: stored_pieces(published))
    assert sum(compressed) < 100, "the head and the end alone"
    compressed.clear()
    gzip_joined(
        [document(b"<feed>", [prose(999, 9_000), *entries])], PieceCache(), pool, lambda: stored_pieces([renamed])
    )
    assert sum(compressed) < len(entries[0]) + joined_gzip.WINDOW + 4 * joined_gzip.GROUP + 1_000
    compressed.clear()
    gzip_joined([document(b"<feed>", entries)], cache, pool)
    assert sum(compressed) < 100, "what was taken from the stored version is cached"


def unwanted() -> dict[bytes, bytes]:
    raise AssertionError("the stored version was read")


@pytest.mark.parametrize(("count", "length"), [(200, 400), (50, 9_000), (4, 300)])
def test_a_warm_cache_does_not_read_the_stored_version(pool: ThreadPoolExecutor, count: int, length: int) -> None:
    entries, cache = [prose(n, length) for n in range(count)], PieceCache()
    gzip_joined([document(b"<feed>", entries)], cache, pool)
    for n in range(5):
        entries = [prose(900 + n, length), *entries]
        parts = document(b"<feed>", entries)
        assert read(gzip_joined([parts], cache, pool, unwanted)[0].body) == parts.body


@settings(deadline=None)
@given(st.data())
def test_a_damaged_body_or_index_gives_no_piece(data: st.DataObject) -> None:
    pieces = [data.draw(st.binary(min_size=1, max_size=40)) for _ in range(data.draw(st.integers(1, 5)))]
    keys = [sha256(b"%d" % n).digest()[:20] for n in range(len(pieces))]
    body = b"head" + b"".join(pieces) + b"trailer"
    index = pack_index(body, 4, zip(keys, map(len, pieces), strict=True))
    assert read_pieces(body, index) == dict(zip(keys, pieces, strict=True))
    stored = {"body": body, "index": index}
    which = data.draw(st.sampled_from(["body", "index"]))
    place = data.draw(st.integers(0, len(stored[which]) - 1))
    damage = data.draw(st.sampled_from(["bit", "short", "long"]))
    whole = bytearray(stored[which])
    if damage == "bit":
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    elif damage == "short":
        del whole[place:]
    else:
        whole[place:place] = data.draw(st.binary(min_size=1, max_size=60))
    stored[which] = bytes(whole)
    if stored == {"body": body, "index": index}:
        return
    assert read_pieces(stored["body"], stored["index"]) == {}


def test_pieces_of_another_level_or_library_are_not_taken(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, compressed: list[int]
) -> None:
    parts = document(b"<feed>", [prose(n, 9_000) for n in range(20)])
    published = gzip_joined([parts], PieceCache(), pool)
    monkeypatch.setattr(joined_gzip, "_REVISION", b"another")
    compressed.clear()
    assert gzip_joined([parts], PieceCache(), pool, lambda: stored_pieces(published))[0].body == published[0].body
    assert sum(compressed) == len(parts.body)
