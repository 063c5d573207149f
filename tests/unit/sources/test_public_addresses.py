"""Which addresses a source may connect to."""

import pytest

from syndication.outbound.public_addresses import may_connect

PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"]

NEXT_DOOR = [
    "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1",
    "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
    "2002:7f00:1::",
]  # fmt: skip

NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.7", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "2001:db8::1", "::7f00:1", "100::1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe",
    "2001:0:7f00:1::", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_connected_to_in_either_case(address):
    assert may_connect(address, allow_private=False) and may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", NEXT_DOOR)
def test_an_address_next_door_is_connected_to_only_if_allowed(address):
    assert not may_connect(address, allow_private=False)
    assert may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_multicast_and_reserved_addresses_are_never_connected_to(address):
    assert not may_connect(address, allow_private=False) and not may_connect(address, allow_private=True)
