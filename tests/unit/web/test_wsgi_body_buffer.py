"""The buffer for unauthenticated bodies: limits in total, per address, and of bytes."""

import threading
from io import BytesIO

import pytest

from syndication.web.wsgi.body_buffer import MAX_BYTES, BodyBuffer
from tests.support.service import until


class Slow(BytesIO):
    """A body that arrives when released."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.asked, self.comes = threading.Event(), threading.Event()

    def read(self, size=-1):
        self.asked.set()
        assert self.comes.wait(10)
        return super().read(size)


def request(body, address="192.0.2.1", length=None, **more):
    told = {} if length == "" else {"CONTENT_LENGTH": str(len(body.getvalue()) if length is None else length)}
    return {"REMOTE_ADDR": address, "wsgi.input": body, **told, **more}


def test_each_address_has_fewer_places_than_there_are_and_gives_them_back():
    room = BodyBuffer(places=3, each=2)
    bodies = [Slow(b"x") for _ in range(3)]
    addresses = ["192.0.2.1", "192.0.2.1", "192.0.2.2"]
    threads = [
        threading.Thread(target=room.read, args=(request(body, address),))
        for body, address in zip(bodies, addresses, strict=True)
    ]
    for thread, body in zip(threads[:2], bodies[:2], strict=True):
        thread.start()
        assert body.asked.wait(10)
    assert not room.read(request(BytesIO(b"x")))
    assert room.read(request(BytesIO(b"x"), "192.0.2.2"))
    threads[2].start()
    assert bodies[2].asked.wait(10)
    assert not room.read(request(BytesIO(b"x"), "192.0.2.3"))
    assert room.read(request(BytesIO(b""), "192.0.2.3", length=""))
    for body in bodies:
        body.comes.set()
    for thread in threads:
        thread.join()
    until(lambda: room.read(request(BytesIO(b"x"))))
    assert not room._here


@pytest.mark.parametrize("more", [{}, {"length": "", "HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_is_there_with_its_length(more):
    environ = request(BytesIO(b"abc"), **more)
    assert BodyBuffer().read(environ)
    assert (environ["wsgi.input"].read(), environ["CONTENT_LENGTH"]) == (b"abc", "3")


def test_what_is_too_long_is_not_read_or_no_further_than_needed():
    told = request(BytesIO(b"x"), length=MAX_BYTES + 1)
    assert BodyBuffer().read(told) and told["wsgi.input"].tell() == 0
    untold = request(BytesIO(b"x" * (MAX_BYTES + 10)), length="", HTTP_TRANSFER_ENCODING="chunked")
    assert BodyBuffer().read(untold) and untold["CONTENT_LENGTH"] == str(MAX_BYTES + 1)
