"""Which callbacks the hub accepts, and how parameters are added to them (WebSub section 5.1.1)."""

import ipaddress
from urllib.parse import parse_qsl, urlsplit

import pytest
from ada_url import URL
from hypothesis import example, given
from hypothesis import strategies as st

from syndication.hub.callbacks import MAX_LENGTH, Callback, CallbackRules, read_callback, with_parameters
from syndication.outbound.public_addresses import may_connect

STRICT = CallbackRules((80, 443, 8080, 8443))
ANY_PORT = CallbackRules(())
OPEN = CallbackRules((), allow_private=True)


@pytest.mark.parametrize(
    ("url", "written", "host"),
    [
        ("https://reader.example/push", "https://reader.example/push", "reader.example:443"),
        ("http://reader.example", "http://reader.example/", "reader.example:80"),
        ("HTTPS://Reader.EXAMPLE:443/Push?A=b", "https://reader.example/Push?A=b", "reader.example:443"),
        ("http://reader.example:8080/p", "http://reader.example:8080/p", "reader.example:8080"),
        ("https://r.example/a%2Fb?x=%41&x=2&&y", "https://r.example/a%2Fb?x=%41&x=2&&y", "r.example:443"),
        ("https://8.8.8.8/", "https://8.8.8.8/", "8.8.8.8:443"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x", "[2606:4700::1111]:443"),
        ("https://r.example/{id}?q=<x>", "https://r.example/%7Bid%7D?q=%3Cx%3E", "r.example:443"),
    ],
)
def test_a_callback_keeps_its_path_and_query(url, written, host):
    assert read_callback(url, STRICT) == Callback(written, host)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not an address"),
        ("reader.example/push", "not an address"),
        ("ftp://reader.example/", "not an address"),
        ("file:///etc/passwd", "not an address"),
        ("gopher://reader.example:70/", "not an address"),
        ("javascript:alert(1)", "not an address"),
        ("http://", "not an address"),
        ("https://rea der.example/", "percent-encode"),
        ("https://reader.example/é", "percent-encode"),
        ("https://reader.example/\r\nHost: x", "percent-encode"),
        ("https://reader.example/\x00", "percent-encode"),
        ("https://user@reader.example/", "user name"),
        ("https://user:word@reader.example/", "user name"),
        ("https://:word@reader.example/", "user name"),
        ("https://reader.example/#part", "fragment"),
        ("https://reader.example/#", "fragment"),
        ("https://reader.example:22/", "the port 22: this hub calls only 80, 443, 8080, 8443"),
        ("https://reader.example/" + MAX_LENGTH * "a", "longer than 2,048"),
    ],
)
def test_any_other_is_refused_with_a_reason(url, words):
    refused = read_callback(url, STRICT)
    assert isinstance(refused, str) and refused.startswith("hub.callback") and words in refused


PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "0", "0.0.0.0", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "0xc0a80001", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "%31%32%37.0.0.1", "127.0.1",
    "[::]", "[::1]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]", "[::127.0.0.1]", "[2001:0:7f00:1::f5ff:fffe]", "[2001:db8::1]",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "a.localhost.",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_no_form_of_an_address_that_the_public_cannot_reach_is_accepted(host):
    refused = read_callback(f"http://{host}/push", ANY_PORT)
    assert isinstance(refused, str) and "the public cannot reach" in refused


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "10.0.0.1", "192.168.3.4", "[::1]", "localhost", "[fd00::1]"])
def test_private_ones_are_for_tests_and_development(host):
    assert isinstance(read_callback(f"http://{host}:5000/push", OPEN), Callback)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "224.0.0.1", "0.0.0.0", "[::ffff:169.254.169.254]"])
def test_link_local_and_multicast_ones_never_are(host):
    assert isinstance(read_callback(f"http://{host}/push", OPEN), str)


@given(st.text(max_size=200) | st.from_regex(r"https?://[!-~]{0,60}", fullmatch=True))
@example("http://1.1.1.1:99999/")
@example("http://[::ffff:1.1.1.1]:80/")
@example("http://a\\b/")
@example("https://%00/")
def test_whatever_is_accepted_is_an_address_of_ascii_without_surprises(text):
    found = read_callback(text, STRICT)
    if isinstance(found, str):
        return
    url = URL(found.url)
    assert found.url.isascii() and found.url.isprintable() and " " not in found.url and "#" not in found.url
    assert url.protocol in ("http:", "https:") and not url.username and not url.password
    assert int(found.host.rpartition(":")[2]) in STRICT.ports
    assert read_callback(found.url, STRICT) == found  # It is stored once, however it was written.
    host = url.hostname.strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    assert may_connect(host, allow_private=False)


@given(st.ip_addresses())
def test_a_literal_address_is_accepted_if_it_is_public(address):
    host = f"[{address}]" if address.version == 6 else str(address)
    is_accepted = isinstance(read_callback(f"http://{host}/", STRICT), Callback)
    assert is_accepted == may_connect(str(address), allow_private=False)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_a_number_is_the_address_that_it_means(number, form):
    address = ipaddress.IPv4Address(number)
    found = read_callback(f"http://{form.format(number)}/", STRICT)
    assert isinstance(found, Callback) == may_connect(str(address), allow_private=False)
    assert isinstance(found, str) or found.host == f"{address}:80"


PARAMETERS = {"hub.mode": "subscribe", "hub.topic": "https://x.example/a?b=c&d", "hub.challenge": "+/= é"}


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("https://r.example/", "https://r.example/?hub.mode=subscribe&"),
        ("https://r.example/?", "https://r.example/?hub.mode=subscribe&"),
        ("https://r.example/?foo=bar&red=fish", "https://r.example/?foo=bar&red=fish&hub.mode=subscribe&"),
        ("https://r.example/?foo=bar&", "https://r.example/?foo=bar&hub.mode=subscribe&"),
        ("https://r.example/?hub.mode=mine", "https://r.example/?hub.mode=mine&hub.mode=subscribe&"),
        ("https://r.example/?a=%26%3D;x", "https://r.example/?a=%26%3D;x&hub.mode=subscribe&"),
    ],
)
def test_parameters_follow_those_that_the_callback_has(url, begins):
    assert with_parameters(url, PARAMETERS).startswith(begins)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=9)), max_size=4), st.text(max_size=30))
def test_added_parameters_are_read_as_they_were_meant(own, value):
    from urllib.parse import urlencode

    url = "https://r.example/p" + (f"?{urlencode(own)}" if own else "")
    added = with_parameters(url, {"hub.challenge": value})
    assert added.isascii() and added.startswith(url)
    pairs = parse_qsl(urlsplit(added).query, keep_blank_values=True)
    assert pairs == [*own, ("hub.challenge", value)]
