"""Ways into somebody else's account, or to know that there is one."""

import pytest
from django.test import Client

from tests.staff.accounts.people import LOGIN, is_signed_in, sign_in, with_password

pytestmark = pytest.mark.django_db
RESET = "/account/password/reset/"


def test_a_mail_that_cannot_be_sent_does_not_tell_who_has_an_account(settings):
    settings.EMAIL_BACKEND = "mailer.staff.accounts.mail.SendGridBackend"  # and there is nobody to send from
    with_password("reader")
    pages = [
        Client().post(RESET, {"email": address}, follow=True).text
        for address in ("anna@example.org", "nobody@example.org")
    ]
    assert pages[0] == pages[1]
    assert "ask an administrator for a link" in pages[0]


def test_whoever_signed_out_leaves_no_page_of_the_account_in_the_browser(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    for page in ("", "password/change/", "2fa/", "2fa/webauthn/", "reauthenticate/"):
        answer = client.get(f"/account/{page}")
        assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (200, True), page


@pytest.mark.usefixtures("redis_away")
def test_nobody_signs_in_uncounted_while_redis_is_away_and_the_page_says_why(client):
    anna = with_password("reader")
    assert client.get(LOGIN).status_code == 200
    answer = sign_in(client, anna.username)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Try again in a minute" in answer.text
    assert not is_signed_in(client)


def test_whoever_has_a_network_of_ipv6_has_no_new_tries_with_each_address():
    with_password("reader")
    answers = [
        sign_in(Client(), f"x{number}", "wrong", REMOTE_ADDR=f"2001:db8:7:{number:x}::1")
        for number in range(11)
    ]
    assert "Too many failed" in answers[-1].text
    assert "Too many failed" not in sign_in(Client(), "y", "wrong", REMOTE_ADDR="2001:db8:8::1").text
