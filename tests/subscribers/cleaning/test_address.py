import pytest
from email_validator import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.cleaning.address import LONGEST_PLAIN, PLAIN, BadAddress, clean_address

characters = st.sampled_from("aZ09.-_+'!@xn tesocalhıſK")
words = st.sampled_from(
    ["xn--", "test", "localhost", "local", "arpa", "onion", "invalid", "com", "example", "-", "."]
)
almost_addresses = st.lists(characters | words | st.just("@"), max_size=14).map("".join)


@given(st.from_regex(PLAIN, fullmatch=True) | almost_addresses)
@example("a@b.LOCAL")
@example("a@local.example.org")
@example("a@ab--cd.org")
@example("info@example.org")
def test_the_fast_test_accepts_only_what_email_validator_accepts_and_gives_the_same(address):
    if len(address) <= LONGEST_PLAIN and PLAIN.fullmatch(address):
        found = validate_email(address, check_deliverability=False)
        local = address.partition("@")[0]
        assert clean_address(address) == f"{local}@{found.domain}"


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        (" Anna@Example.ORG ", "Anna@example.org"),
        ("mailto:anna@example.org?subject=x", "anna@example.org"),
        ("Anna Li <anna@example.org>", "anna@example.org"),
        ('"Li, Anna" <mailto:anna@example.org>', "anna@example.org"),
        ("'anna@example.org'", "anna@example.org"),
        ("anna@example.org;", "anna@example.org"),
        ("Info@example.org", "Info@example.org"),
        ("李@例子.中国", "李@xn--fsqu00a.xn--fiqs8s"),
        ("anna@xn--mnchen-3ya.de", "anna@xn--mnchen-3ya.de"),
        ("anna@MÜNCHEN.de", "anna@xn--mnchen-3ya.de"),
    ],
)
def test_the_forms_people_keep_addresses_in_are_understood(cell, address):
    assert clean_address(cell) == address
    assert clean_address(address) == address


@pytest.mark.parametrize(
    "cell",
    ["anna", "@example.org", "anna@", "a b@example.org", "a@@b.org", "anna@localhost", "a@b.test", "a@b.c1",
     "a..b@example.org", "anna＠example.org", "a@x.org, b@x.org", "<>", "x" * 300 + "@example.org", "a@-b.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(cell):
    with pytest.raises(BadAddress):
        clean_address(cell)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text):
    try:
        address = clean_address(text)
    except BadAddress:
        return
    assert "@" in address
    assert clean_address(address) == address
