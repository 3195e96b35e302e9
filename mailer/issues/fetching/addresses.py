"""Which IP addresses are of the public internet."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# Python's is_global knows IANA's registries as of its release; what an IPv6 address may carry inside is ours to see.
_CARRIES_IPV4 = (
    IPv6Network("::/96"),  # IPv4-compatible, RFC 4291 2.5.5.1
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped, RFC 4291 2.5.5.2
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    IPv6Network("64:ff9b::/96"),  # NAT64, RFC 6052
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a local network, RFC 8215
    IPv6Network("2001::/32"),  # Teredo, RFC 4380
    IPv6Network("2002::/16"),  # 6to4, RFC 3056
)
_UNICAST = IPv6Network("2000::/3")
"""All that IANA gives out of IPv6 for the internet, RFC 4291 2.4."""
_NOT_ROUTED = (
    IPv6Network("2001:2::/48"),  # benchmarks, RFC 5180
    IPv6Network("2001:10::/28"),  # ORCHID, RFC 4843
    IPv6Network("2001:db8::/32"),  # documentation, RFC 3849
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


def is_public(address: str) -> bool:
    """Whether an address is one that anybody on the internet may connect to.

    Private, shared, loopback, link-local, multicast, reserved and documentation addresses are not; nor is an IPv6
    address that carries an IPv4 address, whatever that is: what stands at the other end of a translator is not known.

    Args:
        address: as getaddrinfo writes it, perhaps with a scope ("fe80::1%eth0").
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved
    return _is_public_ipv6(parsed)


def _is_public_ipv6(address: IPv6Address) -> bool:
    if address.scope_id is not None or any(address in network for network in (*_CARRIES_IPV4, *_NOT_ROUTED)):
        return False
    return address in _UNICAST and address.is_global
