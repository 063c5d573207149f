"""Which addresses are one client: those of a network that a provider gives to one customer."""

import ipaddress


def network(address: str) -> str:
    """What addresses of one guesser have in common: the /64 of IPv6, the whole of IPv4, also written as IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # A Unix socket has no address.
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
