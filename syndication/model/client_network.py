"""Groups addresses by client: the network that a provider assigns to one customer."""

import ipaddress


def network(address: str) -> str:
    """Returns the network that counts as one client: an IPv6 address's /64, or an IPv4 address (mapped or not)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # A Unix socket has no address.
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
