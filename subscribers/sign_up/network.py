"""Which network a request comes from: enough to tell a flood from a person, too little to tell the person."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

IPV4_BITS, IPV6_BITS = 24, 48
UNKNOWN = "unknown"


def network_of(request: HttpRequest) -> str:
    """The network of who sent a request, such as 203.0.113.0/24 or 2001:db8:7::/48; "unknown" where nothing tells."""
    return truncated(sender_of(request))


def sender_of(request: HttpRequest) -> str:
    """The address of who sent a request, as it is written there; "" where nothing tells.

    Each trusted proxy in front (PROXIES) adds who it was called by at the end of X-Forwarded-For; what stands
    before that was written by the sender, and is not believed.
    """
    sender: str = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.ENVIRONMENT.proxies:
        passed_on = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(passed_on) >= proxies and passed_on[-proxies].strip():
            sender = passed_on[-proxies]
    return sender


def without_port(address: str) -> str:
    """An address alone: some proxies write the port behind it, 203.0.113.7:51234 or [2001:db8::7]:51234."""
    bare = address.strip()
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    return bare.partition(":")[0] if bare.count(":") == 1 else bare


def truncated(address: str) -> str:
    """The first 24 bits of an IPv4 address, 48 of an IPv6 one (what one customer is given)."""
    try:
        found = ip_address(without_port(address))
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            # By number, which leaves out the zone of a local address: fe80::1%eth0.
            return str(IPv6Network((int(found), IPV6_BITS), strict=False))
        found = found.ipv4_mapped
    return str(IPv4Network((int(found), IPV4_BITS), strict=False))
