"""Which addresses are of the public internet: none that leads inside, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.fetching.addresses import is_public


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450:4001::200e"]
)
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "100.64.0.1",  # carrier-grade NAT
        "127.0.0.1",
        "169.254.169.254",  # metadata of clouds
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c%1",
        "fec0::1",
        "ff02::1",
        "not an address",
        "",
    ],
)
def test_no_other_is(address):
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_gets_in_inside_an_ipv6_address(address):
    for prefix in ("::", "::ffff:", "64:ff9b::"):
        assert not is_public(f"{prefix}{address}")
