"""Superdesk's signature."""

from syndication.importing.ninjs.signature import is_signed, superdesk_signature
from tests.support.ninjs import superdesk_signature as made_by_superdesk


def test_signature_is_that_of_superdesks_transmitter():
    assert superdesk_signature("secret", b"{}") == made_by_superdesk(b"{}", "secret")
    # The value that Superdesk's own test of its transmitter expects.
    assert superdesk_signature("123456789", b"test payload") == "sha1=8be62a607898504f87559cb52dc23f9ebee65a21"
    assert superdesk_signature("s", "é".encode()).startswith("sha1=") and len(superdesk_signature("s", b"")) == 45


def test_another_body_secret_or_form_is_not_signed():
    right = made_by_superdesk(b"body", "secret")
    assert is_signed("secret", b"body", right) and is_signed("secret", b"body", right.upper())
    for secret, body, signature in (
        ("secret", b"body ", right), ("other", b"body", right), ("secret", b"body", right[5:]), ("secret", b"body", ""),
        ("secret", b"body", "sha256=" + right[5:]), ("secret", b"body", "sha1=é"),
    ):  # fmt: skip
        assert not is_signed(secret, body, signature)
