"""Decides which IP addresses may be connected to. Pure; the clients ask about the address that they connect to."""

import ipaddress
from ipaddress import IPv4Address as IPv4
from ipaddress import IPv6Address as IPv6

NAT64 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
"""RFC 6052 and RFC 8215: a translator sends on to the IPv4 address in the last 32 bits."""

UNICAST = ipaddress.IPv6Network("2000::/3")
"""RFC 4291, section 4: the only global unicast addresses that are assigned."""

NEXT_DOOR = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
"""Loopback, private (RFC 1918), shared (RFC 6598: carriers, overlay networks) and unique local (RFC 4193) addresses.

Link-local ones are not among them: there clouds give their machines credentials.
"""


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Returns whether ``address``, as resolved, is a public one, or with ``allow_private`` one next door."""
    ip = _innermost(ipaddress.ip_address(address.partition("%")[0]))
    if allow_private and any(ip in network for network in NEXT_DOOR):
        return True
    if isinstance(ip, IPv6) and ip not in UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _innermost(ip: IPv4 | IPv6) -> IPv4 | IPv6:
    """Returns the IPv4 address that a packet to an IPv6 address reaches in the end, if it does."""
    if isinstance(ip, IPv4):
        return ip
    if any(ip in network for network in NAT64):
        return IPv4(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]) or ip
