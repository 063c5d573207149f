"""The limits of bodies: time, number and size."""

import asyncio
import resource
from contextlib import AsyncExitStack
from http import HTTPStatus

import pytest

from syndication.web.admission import Busy
from syndication.web.body_buffer import (
    BODIES,
    BODIES_EACH,
    BYTES,
    BYTES_EACH,
    GRACE_SECONDS,
    IN_MEMORY,
    LEAST_RATE,
    LONGEST_SECONDS,
    BodyBuffer,
    BodyRefused,
    ClientGone,
    seconds_for,
)
from tests.support.loops import run_in_thread

MIB = 1024 * 1024


def sent(*parts: bytes, end: bool = True):
    """A client that sends these parts, and then ends the body or stays silent."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if end:
        messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def gone():
    return {"type": "http.disconnect"}


def read(receive, declared=None, largest=100, buffer=None):
    async def run():
        async with (buffer or BodyBuffer()).read(receive, declared, largest, "network a", "unknown") as body:
            return body.length, body.file.read()

    return run_in_thread(run())


@pytest.mark.parametrize("declared", [None, 6])
def test_a_body_is_there_with_its_length(declared):
    assert read(sent(b"abc", b"def"), declared) == (6, b"abcdef")


def test_without_a_body_nothing_is_waited_for():
    assert read(gone, 0) == (0, b"")


def test_a_long_body_is_as_whole_in_a_file():
    parts = [bytes([n]) * IN_MEMORY for n in range(5)]
    assert read(sent(*parts), largest=5 * IN_MEMORY) == (5 * IN_MEMORY, b"".join(parts))


def test_a_body_for_which_there_is_no_room_on_the_disk_is_told_to_come_again():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * IN_MEMORY, before[1]))
    try:
        with pytest.raises(Busy):
            read(sent(*[b"x" * IN_MEMORY] * 5), largest=5 * IN_MEMORY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_longer_body_is_refused_unread_if_its_length_was_declared():
    with pytest.raises(BodyRefused) as refused:
        read(gone, 101)
    assert refused.value.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_longer_body_is_refused_as_soon_as_it_is_too_long():
    with pytest.raises(BodyRefused) as refused:
        read(sent(b"x" * 100, b"x", end=False))
    assert refused.value.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert read(sent(b"x" * 100))[0] == 100


def test_a_body_that_stops_is_refused_after_its_time():
    with pytest.raises(BodyRefused) as refused:
        read(sent(b"abc", end=False), 10, buffer=BodyBuffer(grace=0.05))
    assert refused.value.status == HTTPStatus.REQUEST_TIMEOUT


def test_a_client_that_goes_away_is_no_end_of_a_body():
    with pytest.raises(ClientGone):
        read(gone, 10)


def test_a_body_that_drips_does_not_buy_time_by_each_part():
    """One byte just before each deadline: the deadline hardly moves."""
    now = 0.0

    async def receive():
        nonlocal now
        now += GRACE_SECONDS / 4
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(BodyRefused) as refused:
        read(receive, None, MIB, BodyBuffer(lambda: now))
    assert refused.value.status == HTTPStatus.REQUEST_TIMEOUT
    assert now <= GRACE_SECONDS * 1.5


def test_the_time_grows_with_what_came_up_to_an_end():
    assert seconds_for(0) == GRACE_SECONDS
    assert seconds_for(LEAST_RATE * 20) == GRACE_SECONDS + 20
    assert seconds_for(10**9) == LONGEST_SECONDS
    # The largest article has its time at the least rate.
    assert 16 * MIB / LEAST_RATE + GRACE_SECONDS < LONGEST_SECONDS * 1.2


def arriving(*bodies):
    """Returns the results for bodies (party, rank, bytes) that arrive one after another and stay."""

    async def run():
        buffer, found = BodyBuffer(), []
        async with AsyncExitStack() as held:
            for party, rank, length in bodies:
                parts = [b"x" * MIB] * (length // MIB) + [b"x" * (length % MIB)]
                try:
                    await held.enter_async_context(buffer.read(sent(*parts), None, 2 * BYTES_EACH, party, rank))
                    found.append(True)
                except Busy:
                    found.append(False)
        assert buffer.bodies == 0 and not any(sums.bodies or sums.bytes for sums in buffer._here.values())
        return found

    return run_in_thread(run())


def test_each_party_has_fewer_places_than_there_are():
    found = arriving(*[("network a", "unknown", 1)] * (BODIES_EACH + 1), ("network b", "unknown", 1))
    assert found == [True] * BODIES_EACH + [False, True]


def test_strangers_leave_room_for_those_who_are_known():
    strangers = [(f"network {n}", "unknown", 1) for n in range(BODIES["unknown"] + 1)]
    assert arriving(*strangers, ("token cms", "known", 1)) == [True] * BODIES["unknown"] + [False, True]


def test_a_party_has_so_many_bytes_and_all_strangers_have_some_more():
    half = ("network a", "unknown", BYTES_EACH // 2)
    assert arriving(half, half, ("network a", "unknown", 1), ("network b", "unknown", 1)) == [True, True, False, True]
    many = [(f"network {n}", "unknown", BYTES_EACH) for n in range(BYTES["unknown"] // BYTES_EACH + 1)]
    assert arriving(*many, ("token cms", "known", BYTES_EACH)) == [True] * (len(many) - 1) + [False, True]


def test_what_is_only_declared_takes_no_room():
    """A large declared length with one byte sent blocks no other client."""

    async def run():
        buffer = BodyBuffer(grace=0.5)
        slow = [
            asyncio.create_task(_hold(buffer, sent(b"x", end=False), BYTES_EACH, f"network {n}")) for n in range(20)
        ]
        await asyncio.sleep(0.05)
        assert buffer.bodies == 20
        async with buffer.read(sent(b"x" * MIB), MIB, MIB, "network z", "unknown") as body:
            assert body.length == MIB
        for one in slow:
            with pytest.raises(BodyRefused):
                await one

    run_in_thread(run())


async def _hold(buffer, receive, declared, party):
    async with buffer.read(receive, declared, declared, party, "unknown"):
        raise AssertionError("it never came")
