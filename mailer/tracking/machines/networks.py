"""The networks of link scanners, as those who run them publish them, and those that the installation adds."""

import socket
from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network

GATEWAYS = (
    # Barracuda Email Gateway Defense: https://campus.barracuda.com/product/emailgatewaydefense/doc/96023004/
    "209.222.80.0/21",
    # Mimecast, Data Centers and URLs: https://mimecastsupport.zendesk.com/hc/en-us/articles/34000659090707
    *("205.139.110.0/23", "207.211.30.0/24", "207.211.31.0/25", "170.10.128.0/22", "170.10.132.0/23"),
    # Proofpoint: https://proofpoint.my.site.com/support/PPSup_SupportInfo
    *("62.209.50.0/24", "67.231.144.0/20", "91.209.104.0/24", "208.84.64.0/22", "208.86.200.0/22"),
    # Symantec Email Security.cloud: https://knowledge.broadcom.com/external/article/161546/
    *("46.226.48.0/21", "67.219.240.0/20", "85.158.136.0/21", "95.131.104.0/21", "103.9.96.0/22"),
    *("117.120.16.0/21", "193.109.254.0/23", "194.106.220.0/23", "195.245.230.0/23", "216.82.240.0/20"),
)
"""Of those who only look at mail: nobody opens or clicks from there."""

MAIL_SERVICES = (
    # Exchange Online Protection, set 10 of https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges
    *("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17"),
    *("2a01:111:f400::/48", "2a01:111:f403::/48"),
)
"""Of those who look at mail, and whose webmail fetches pictures for people: only a click from there is a scanner's."""

Ranges = tuple[list[bytes], list[bytes]]
"""First and last addresses, both in order, as the 16 bytes of IPv6."""
_IPV4 = b"\0" * 10 + b"\xff\xff"
"""Before the 4 bytes of an IPv4 address written as IPv6: RFC 4291, section 2.5.5.2."""


def is_scanners(address: str, kind: str, more: tuple[str, ...] = ()) -> bool:
    """Whether an open or click (`kind`) from this IP address is a scanner's.

    Args:
        address: anything; what is no IP address is nobody's.
        more: networks that count besides, such as "192.0.2.0/24", for opens and clicks.
    """
    try:
        if ":" in address:
            packed = socket.inet_pton(socket.AF_INET6, address)
        else:
            packed = _IPV4 + socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return False
    firsts, lasts = _ranges(kind == "click", more)
    place = bisect_right(firsts, packed) - 1
    return place >= 0 and packed <= lasts[place]


@lru_cache(maxsize=8)
def _ranges(clicks: bool, more: tuple[str, ...]) -> Ranges:
    networks = map(ip_network, (*GATEWAYS, *(MAIL_SERVICES if clicks else ()), *more))
    firsts: list[bytes] = []
    lasts: list[bytes] = []
    for first, last in sorted(
        (_packed(network.network_address), _packed(network.broadcast_address)) for network in networks
    ):
        # Networks lie inside each other or apart: one inside an earlier one adds nothing.
        if not lasts or last > lasts[-1]:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts


def _packed(address: IPv4Address | IPv6Address) -> bytes:
    return address.packed if address.version == 6 else _IPV4 + address.packed
