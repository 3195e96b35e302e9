"""Signing in: with what, from where, how often, and until when."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from mailer.staff.accounts.second_factor import FIRST
from tests.staff.accounts.people import LOGIN, PASSWORD, is_signed_in, said, sign_in, with_password

pytestmark = pytest.mark.django_db


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_the_staff_site_leads_to_the_sign_in_page_and_back_to_what_was_asked_for(client):
    anna = with_password("reader")
    asked = client.get("/staff/issues/issue/", follow=True)
    assert [address.split("?")[0] for address, _ in asked.redirect_chain] == ["/staff/login/", LOGIN]
    form = {"login": anna.username, "password": PASSWORD, "next": "/staff/issues/issue/"}
    assert client.post(LOGIN, form).url == "/staff/issues/issue/"
    assert is_signed_in(client)


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "javascript:alert(1)"])
def test_it_leads_to_no_other_site(client, elsewhere):
    anna = with_password("reader")
    assert (
        client.post(LOGIN, {"login": anna.username, "password": PASSWORD, "next": elsewhere}).url == "/staff/"
    )


def test_name_and_address_are_taken_and_what_happened_is_written_down(client):
    anna = with_password("reader")
    sign_in(client, "ANNA@example.org")
    assert is_signed_in(client)
    client.post("/staff/logout/")
    assert not is_signed_in(client)
    sign_in(client, anna.username, "not this one")
    assert not is_signed_in(client)
    assert said(anna) == [
        "Signed in with a password, from the network 127.0.0.0/24.",
        "Signed out.",
        "A sign-in failed: wrong password, or the account is switched off, from the network 127.0.0.0/24.",
    ]


def test_signing_out_takes_a_post(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    assert client.get("/staff/logout/").status_code == 405
    assert client.get("/account/logout/").status_code == 200
    assert is_signed_in(client)


def test_whoever_is_switched_off_is_out_at_once_and_does_not_get_in(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    User.objects.update(is_active=False)
    assert not is_signed_in(client)
    sign_in(client, anna.username)
    assert not is_signed_in(client)


def test_a_new_password_ends_the_sessions_elsewhere(client):
    anna, elsewhere = with_password("reader"), Client()
    sign_in(client, anna.username)
    sign_in(elsewhere, anna.username)
    assert is_signed_in(elsewhere)
    new = "another-sentence-of-mine"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/change/", form).url == "/account/"
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert said(anna)[-1] == "Changed the password: signed out everywhere else."


def test_sessions_outlive_redis(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    cache.clear()
    assert is_signed_in(client)


def test_a_session_ends_with_the_browser_unless_it_is_to_be_remembered_and_then_after_two_weeks(
    client, settings
):
    anna = with_password("reader")
    cookie = settings.SESSION_COOKIE_NAME
    assert not sign_in(client, anna.username).cookies[cookie]["max-age"]
    remembering = Client().post(LOGIN, {"login": anna.username, "password": PASSWORD, "remember": "on"})
    assert remembering.cookies[cookie]["max-age"] == timedelta(days=14).total_seconds()
    assert remembering.cookies[cookie]["httponly"]
    assert remembering.cookies[cookie]["samesite"] == "Lax"
    assert Session.objects.count() == 2


def test_wrong_passwords_close_an_account_to_the_address_that_they_came_from(client):
    anna = with_password("reader")
    for number in range(6):
        answer = sign_in(client, anna.username, "wrong", REMOTE_ADDR="192.0.2.1")
        if number == 0:
            assert "No account has this name or address with this password." in answer.text
    assert "Too many failed" in answer.text
    sign_in(client, anna.username, REMOTE_ADDR="192.0.2.1")
    assert not is_signed_in(client)
    sign_in(client, anna.username, REMOTE_ADDR="192.0.2.99")
    assert is_signed_in(client)


def test_many_wrong_passwords_close_an_account_wherever_they_came_from(client, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "3/h/key"}
    anna = with_password("reader")
    for number in range(3):
        assert "Too many" not in sign_in(client, anna.username, REMOTE_ADDR=f"192.0.2.9{number}").text
        client.post("/staff/logout/")
    for number in range(3):
        sign_in(client, anna.username, "wrong", REMOTE_ADDR=f"192.0.2.{number}")
    assert "Too many failed" in sign_in(client, anna.username, REMOTE_ADDR="192.0.2.99").text
    assert not is_signed_in(client)


def test_wrong_passwords_are_counted_by_the_address_that_the_trusted_proxies_tell(client, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.__class__(**{**vars(settings.ENVIRONMENT), "proxies": 1})
    anna = with_password("reader")
    for number in range(11):
        forged = f"198.51.100.{number}, 192.0.2.7"
        answer = sign_in(client, f"x{number}", "wrong", HTTP_X_FORWARDED_FOR=forged)
    assert "Too many failed" in answer.text
    sign_in(client, anna.username, HTTP_X_FORWARDED_FOR="192.0.2.8")
    assert is_signed_in(client)


@pytest.mark.parametrize("address", ["/account/signup/", "/account/3rdparty/signup/"])
def test_nobody_makes_an_account_of_their_own(client, address):
    given = {"email": "me@example.org", "username": "me", "password1": PASSWORD, "password2": PASSWORD}
    for answer in (client.get(address, follow=True), client.post(address, given, follow=True)):
        assert "Sign in" in answer.text
    assert "By invitation" in client.get("/account/signup/").text
    assert not User.objects.exists()


def test_nobody_changes_the_address_that_they_are_known_by(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    assert client.get("/account/email/").url == "/account/"
    client.post("/account/email/", {"email": "boss@example.org", "action_add": ""})
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"
    assert not anna.emailaddress_set.exclude(email=anna.email).exists()


def set_up_app(client: Client) -> str:
    """Set up an authenticator app, for which the password is asked once more. Returns its secret."""
    assert client.get("/account/2fa/totp/activate/").url.startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    assert client.post("/account/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_is_asked_for_once_it_is_set_up(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    secret = set_up_app(client)
    client.post("/staff/logout/")
    assert sign_in(client, anna.username).url.split("?")[0] == "/account/2fa/authenticate/"
    assert not is_signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert not is_signed_in(client)
    cache.clear()  # a code works once: this one was used to set it up
    client.post("/account/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(client)
    assert [sentence.partition(",")[0] for sentence in said(anna)][1:] == [
        "Set up an authenticator app.",
        "Set up recovery codes.",
        "Signed out.",
        "A second factor failed: wrong code or key",
        "Signed in with a password and a second factor",
    ]


def test_a_recovery_code_stands_in_for_it_once(client):
    anna = with_password("reader")
    sign_in(client, anna.username)
    set_up_app(client)
    code, *_ = client.get("/account/2fa/recovery-codes/").context["unused_codes"]
    for let_in in (True, False):
        client.post("/staff/logout/")
        sign_in(client, anna.username)
        client.post("/account/2fa/authenticate/", {"code": code})
        assert is_signed_in(client) == let_in


def test_the_key_of_an_app_lies_encrypted_and_is_read_after_the_secret_key_changed(client, settings):
    anna = with_password("reader")
    sign_in(client, anna.username)
    secret = set_up_app(client)
    kept = Authenticator.objects.get(type="totp")
    assert secret not in str(kept.data)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another-key-of-this-site-0123456789",
    )
    cache.clear()
    assert TOTP(kept).validate_code(code_of(secret))


def test_where_a_second_factor_is_asked_for_nothing_opens_without(client, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.__class__(
        **{**vars(settings.ENVIRONMENT), "staff_second_factor": True}
    )
    anna = with_password("editor")
    sign_in(client, anna.username)
    shown = client.get("/staff/issues/issue/", follow=True)
    assert shown.redirect_chain[-1][0] == "/account/2fa/"
    assert FIRST in shown.text
    assert client.post("/staff/issues/issue/", {"action": "x"}).status_code == 403
    assert client.get("/account/").status_code == 200
    set_up_app(client)
    assert is_signed_in(client)


def test_the_admins_own_page_lets_nobody_past_the_second_factor(client):
    anna = with_password("reader")
    ben = with_password("administrator", email="ben@example.org")
    given = {"username": ben.username, "password": PASSWORD, "next": "/staff/"}
    assert client.post("/staff/login/", given).url.startswith(LOGIN)
    assert not is_signed_in(client)
    sign_in(client, anna.username)
    client.post("/staff/login/", given)
    assert client.get("/staff/").wsgi_request.user == anna
    assert client.get("/staff/password_change/").url == "/account/password/change/"
