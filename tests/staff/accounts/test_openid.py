"""Signing in with OpenID Connect: whoever the provider vouches for gets in when an account waits for them."""

from dataclasses import replace

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from tests.staff.accounts.people import LOGIN, is_signed_in, said, with_password
from tests.staff.accounts.provider import provider, state_of

pytestmark = pytest.mark.django_db
ANNA = {"sub": "a-1", "email": "Anna@Example.org", "email_verified": True}


@pytest.fixture
def come_from(client, settings):
    """Somebody of whom the provider says this comes to the site, and what they see at last."""

    def come(**claims):
        with provider(**claims) as running:
            settings.ENVIRONMENT = replace(
                settings.ENVIRONMENT, oidc_server=running.url, oidc_name="Example Ltd"
            )
            app = {
                "provider_id": "sso",
                "name": "Example Ltd",
                "client_id": "mailer",
                "secret": "secret-of-this-site",
                "settings": {"server_url": running.url},
            }
            settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
            page = client.get(LOGIN)
            assert "Sign in with Example Ltd" in page.text
            assert f"form-action 'self' {running.url}" in page.headers["Content-Security-Policy"]
            assert client.get("/account/oidc/sso/login/").status_code == 200, "a click asks first"
            sent = client.post("/account/oidc/sso/login/").url
            assert sent.startswith(f"{running.url}/authorize?")
            back = {"code": "c", "state": state_of(sent)}
            return client.get("/account/oidc/sso/login/callback/", back, follow=True)

    return come


def test_whoever_is_vouched_for_is_matched_by_address_and_keeps_their_password(client, come_from):
    anna = with_password("reader")
    come_from(**ANNA)
    assert is_signed_in(client)
    assert SocialAccount.objects.get().user == anna
    anna.refresh_from_db()
    assert anna.has_usable_password()
    assert [sentence.partition(",")[0] for sentence in said(anna)][-1] == "Signed in with OpenID Connect"
    client.logout()
    come_from(**{**ANNA, "email": "another@example.org"})
    assert is_signed_in(client), "the provider's number counts from then on, not the address"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({**ANNA, "email_verified": False}, "not verified there"),
        ({**ANNA, "email": "stranger@example.org"}, "Ask an administrator to invite you"),
        ({"sub": "a-1"}, "not verified there"),
    ],
)
def test_nobody_else_gets_in_and_is_told_why(client, come_from, claims, why):
    with_password("reader")
    answer = come_from(**claims)
    assert answer.status_code == 403
    assert why in answer.text
    assert not is_signed_in(client)
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_whoever_is_switched_off_does_not_get_in(client, come_from):
    with_password("reader")
    User.objects.update(is_active=False)
    assert come_from(**ANNA).status_code == 403
    assert not is_signed_in(client)


def test_an_address_that_two_accounts_have_matches_neither(client, come_from):
    with_password("reader")
    with_password("reader")
    assert "Several accounts" in come_from(**ANNA).text
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "address", ["adm\u0131n@example.org", "admin@example.org\u0131", "admin@\u017fite.example"]
)
def test_a_letter_that_only_looks_the_same_in_capitals_is_another_mailbox(client, come_from, address):
    mailbox = address.replace("\u0131", "i").replace("\u017f", "s")
    with_password("administrator", email=mailbox)
    assert come_from(sub="m-1", email=address, email_verified=True).status_code == 403
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
