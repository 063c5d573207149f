"""Addresses: read as browsers read them, written as feeds may contain them, and left alone where they are valid."""

import pytest

from syndication.model.addresses import resolved, web_address

PAGE = "https://h.example/news/1?a=b"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://h.example/a b/é", "https://h.example/a%20b/%C3%A9"),
        ("https://h.example/a%20b?c=d&e", "https://h.example/a%20b?c=d&e"),
        ("https://h.example/100%/%zz/%2f", "https://h.example/100%25/%25zz/%2f"),
        ("https://h.example/a[1]?b[]=c#d#e", "https://h.example/a%5B1%5D?b%5B%5D=c#d%23e"),
        ("https://h.example/a|b^c`d{e}?f|g^h`i{j}'#k|l^m`n{o}",
         "https://h.example/a%7Cb%5Ec%60d%7Be%7D?f%7Cg%5Eh%60i%7Bj%7D%27#k%7Cl%5Em%60n%7Bo%7D"),
        ("https://h.example/a\n b", "https://h.example/a%20b"),
        ("ht\ttps://h.ex\nample/a\r\nb\t", "https://h.example/ab"),
        ("\x00 https://h.example/a \x1f", "https://h.example/a"),
        ("\u00a0https://h.example/a\u3000", "https://h.example/a"),
        ("https://h.example/a\x0bb", "https://h.example/a%0Bb"),
        ("https://h.example/\ud83d\ude00\ud800", "https://h.example/%F0%9F%98%80%EF%BF%BD"),
        ("https:\\\\h.example\\a\\b?c\\d", "https://h.example/a/b?c%5Cd"),
        ("https:h.example/a", "https://h.example/a"),
        ("https:///h.example/a", "https://h.example/a"),
        ("http://evil.example\\@h.example/", "http://evil.example/@h.example/"),
        ("https://h.example/café?q=café", "https://h.example/caf%C3%A9?q=caf%C3%A9"),
    ],
)  # fmt: skip
def test_an_address_is_written_as_browsers_read_it(url, address):
    assert web_address(url) == address and web_address(address) == address


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("例え.jp", "xn--r8jz45g.jp"),
        ("例え。jp", "xn--r8jz45g.jp"),
        ("Bücher.example.", "xn--bcher-kva.example."),
        ("STRASSE.example", "strasse.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("ｆｕｌｌ.example", "full.example"),
        ("so\u00adft.example", "soft.example"),
        ("h%41.example", "ha.example"),
        ("[2001:DB8:0:0::1]:8080", "[2001:db8::1]:8080"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("a_b.example", "a_b.example"),
        ("user:p@ss@h.example", "user:p%40ss@h.example"),
        ("us%er@h.example", "us%25er@h.example"),
    ],
)
def test_a_host_has_the_form_that_browsers_ask_for(host, written):
    assert web_address(f"https://{host}/") == f"https://{written}/"


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example",
        "https://h.example?a=b",
        "https://h.example#a",
        "https://h.example:443/a/../b/./%2e%2e/c",
        "http://h.example:80/it's?q='x'#'y'",
        "https://h.example/a//b;c=d?e=f?g/h#i?j/k",
        "https://user:secret@h.example:8443/%e4%bd%a0",
        "https://h.example/?",
    ],
)
def test_a_valid_address_stays_as_it_is_written(url):
    assert web_address(url) == url and web_address(url.replace("h.example", "H.Example")) == url


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "/a", "ftp://h.example/", "mailto:a@h.example", "javascript:alert(1)", "https://", "https://?a", "https://@/a",
        "https://:80/", "https://h.example:99999/", "https://h.example:x/", "http://[oops", "http://[oops]/", "http://[v1.a]/",
        "http://[::1%25eth0]/", "http://h ost.example/", 'http://h"ost.example/', "http://h{o}st.example/", "http://1.2.3.256/",
        "http://\u00ad/",
    ],
)  # fmt: skip
def test_what_no_browser_opens_is_no_address(url):
    assert web_address(url) is None


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("", "https://h.example/news/1?a=b"),
        ("#n", "https://h.example/news/1?a=b#n"),
        ("?x=y z", "https://h.example/news/1?x=y%20z"),
        ("../a", "https://h.example/a"),
        ("..\\a\\.\\b", "https://h.example/a/b"),
        ("/a/./b/%2e%2E/c", "https://h.example/a/c"),
        ("https://o.example", "https://o.example"),
        ("//o.example", "https://o.example/"),
        ("\\\\o.example\\x", "https://o.example/x"),
        ("https:x", "https://h.example/news/x"),
        ("HTTP://O.example:80/a/../b", "http://o.example/b"),
        ("MAILTO:desk@h.example?subject=a b|c", "mailto:desk@h.example?subject=a%20b%7Cc"),
        ("mailto:né@h.example", "mailto:n%C3%A9@h.example"),
        ("tel:+886-2 1234", "tel:+886-2%201234"),
        ("java\nscript:alert(1)", None),
        ("data:text/plain,x", None),
        ("http://[x", None),
        ("//", None),
    ],
)
def test_a_link_leads_where_browsers_would_go(written, target):
    assert resolved(PAGE, written) == target


def test_a_relative_address_is_resolved_against_its_base():
    assert web_address("/a b", PAGE) == "https://h.example/a%20b"
    assert web_address("https://o.example/a/../b", PAGE) == "https://o.example/a/../b"
