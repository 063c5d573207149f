"""The translation of header names, addresses and paths to WSGI."""

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from syndication.web.request_head import believed_address, declared_length, decode_path, environ_of, read_headers


def test_a_name_with_an_underscore_is_dropped_in_any_order():
    real, false = (b"x-forwarded-for", b"192.0.2.1"), (b"x_forwarded_for", b"203.0.113.9")
    mixed = (b"x_forwarded-for", b"203.0.113.9")
    for lines in ([real, false, mixed], [mixed, false, real], [false, real, mixed]):
        assert read_headers(lines) == {b"x-forwarded-for": "192.0.2.1"}
    assert read_headers([false, (b"authorization_", b"x"), (b"content_length", b"9")]) == {}


def test_lines_of_one_name_are_joined_as_their_grammars_say():
    lines = [(b"x-forwarded-for", b"1"), (b"cookie", b"a=1"), (b"x-forwarded-for", b"2"), (b"cookie", b"b=2")]
    assert read_headers(lines) == {b"x-forwarded-for": "1,2", b"cookie": "a=1; b=2"}


def by_proxy_fix(peer, value, proxies):
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "x"}
    if value is not None:
        environ["HTTP_X_FORWARDED_FOR"] = value
    ProxyFix(lambda e, _: [e["REMOTE_ADDR"]], x_for=proxies, x_proto=0, x_host=0)(environ, None)
    return environ["REMOTE_ADDR"]


@pytest.mark.parametrize("proxies", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "value",
    [None, "", "192.0.2.1", "192.0.2.1, 192.0.2.2", "a,b,c", "192.0.2.1,", ' "192.0.2.1" , 2001:db8::1', ",,,", "\xff"],
)
def test_the_address_is_believed_as_werkzeug_does_it(proxies, value):
    assert believed_address("127.0.0.1", value, proxies) == by_proxy_fix("127.0.0.1", value, proxies)


def test_a_path_is_bytes_each_a_character():
    assert decode_path(b"/api/v1/articles/a%2Fb") == "/api/v1/articles/a/b"
    assert decode_path(b"/%E5%8F%B0%FF%zz") == "/\xe5\x8f\xb0\xff%zz"


@pytest.mark.parametrize(
    ("headers", "length"),
    [({}, 0), ({b"content-length": "12"}, 12), ({b"transfer-encoding": "chunked"}, None)],
)
def test_the_length_of_a_body(headers, length):
    assert declared_length(headers) == length


def test_the_environ_has_no_word_of_how_the_body_came():
    lines = [
        (b"host", b"x"), (b"content-type", b"a/b"), (b"content-length", b"3"), (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"), (b"if-none-match", b'"\xff"'),
    ]  # fmt: skip
    scope = {
        "method": "PUT", "query_string": b"a=%20", "http_version": "1.1", "scheme": "http", "server": ("h", "1"),
    }  # fmt: skip
    environ = environ_of(scope, "/p", read_headers(lines), "192.0.2.1")
    assert environ == {
        "REQUEST_METHOD": "PUT", "SCRIPT_NAME": "", "PATH_INFO": "/p", "QUERY_STRING": "a=%20", "SERVER_NAME": "h",
        "SERVER_PORT": "1", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.1", "wsgi.url_scheme": "http",
        "HTTP_HOST": "x", "CONTENT_TYPE": "a/b", "HTTP_IF_NONE_MATCH": '"\xff"',
    }  # fmt: skip
