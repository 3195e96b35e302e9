"""Addresses at which a page would fail."""

import pytest

from tests.newsroom import make_issue, subscribe


@pytest.mark.parametrize(
    "address",
    [
        "/account/oidc/%00/login/",
        "/staff/subscribers/subscriber/?list=%00",
        "/staff/tracking/event/?kind=%00",
        "/staff/auth/user/?roles__name__exact=%00",
    ],
)
def test_an_address_with_a_nul_in_it_is_answered_400_in_words(admin_client, address):
    subscribe(make_issue().newsletter.mailing_list, "anna@example.org")
    answer = admin_client.get(address)
    assert (answer.status_code, answer.text) == (400, "There is a NUL character (%00) in this address.\n")
    assert answer.headers["X-Robots-Tag"] == "noindex"
