"""What the doctor says of the public address: whose site answers there, and what its certificate is worth."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailer.doctor.result import State
from mailer.local.ports import free_port
from tests.doctor.web_server import Site, authority, certificate, site

SUBJECT = "Public address"


def publish(settings, url: str) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, public_url=url)


@pytest.fixture
def shown(settings) -> Iterator[Site]:
    with site() as shown:
        publish(settings, shown.url)
        yield shown


@pytest.mark.django_db(transaction=True)
def test_our_own_site_is_known(ask, settings, live_server, inbox):
    publish(settings, live_server.url)
    for name in ("site", "webhook", "certificate"):
        assert ask(SUBJECT, name).state == State.FINE
    assert "plain http" in ask(SUBJECT, "certificate").seen


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((302, {"Location": "https://elsewhere.sg/"}), "302 to https://elsewhere.sg/"),
        ((404, {}), "somebody else's site"),
        ((503, {}), "answers 503"),
        ((400, {}), "as for a host name that is not its own"),
    ],
)
def test_an_answer_that_is_not_our_site_s_is_wrong(ask, shown, answer, said):
    shown.answers["GET"] = answer
    result = ask(SUBJECT, "site")
    assert result.state == State.WRONG
    assert said in result.seen
    assert shown.requests == [("GET", "/healthz")]


def test_a_page_that_says_something_else_is_not_our_site(ask, shown):
    shown.body = "<html>Welcome to nginx!"
    assert ask(SUBJECT, "site").state == State.WRONG


@pytest.mark.parametrize(
    ("answer", "body", "state", "said"),
    [
        ((403, {}), "The signature is wrong.", State.FINE, "arrive"),
        ((403, {}), "The post is not signed.", State.WRONG, "without the headers"),
        ((403, {}), "This address takes no events yet.", State.WRONG, "without SENDGRID_WEBHOOK_KEYS"),
        ((403, {}), "Are you human?", State.WRONG, "not by our site"),
        ((200, {}), "Welcome", State.WRONG, "not by our site"),
        ((308, {"Location": "https://www.harbour-times.sg/"}), "", State.WRONG, "follows no redirect"),
    ],
)
def test_the_way_of_the_webhook_s_posts_is_judged(ask, shown, answer, body, state, said):
    shown.answers["POST"], shown.body = answer, body
    result = ask(SUBJECT, "webhook")
    assert result.state == state
    assert said in result.seen
    assert shown.requests == [("POST", "/webhooks/sendgrid/events")]


def test_a_site_that_is_not_there_is_wrong(ask, settings):
    publish(settings, f"http://127.0.0.1:{free_port()}")
    assert "nobody listens there" in ask(SUBJECT, "site").seen
    publish(settings, f"https://127.0.0.1:{free_port()}")
    assert ask(SUBJECT, "certificate").state == State.UNSEEN


@pytest.mark.parametrize(
    ("how", "state", "said"),
    [
        ({}, State.FINE, "(90 days)"),
        ({"days": (-80, 9.5)}, State.WRONG, "(9 days)"),
        ({"days": (-90, -1)}, State.WRONG, "expired"),
        ({"days": (1, 90)}, State.WRONG, "not valid yet"),
        ({"issuer": "server"}, State.WRONG, "signed by itself"),
        ({"issuer": "nobody"}, State.WRONG, "chain is not complete"),
        ({"host": "127.0.0.2"}, State.WRONG, "another address"),
    ],
    ids=["good", "soon", "expired", "early", "self-signed", "no chain", "other host"],
)
def test_a_certificate_is_judged_as_a_stranger_would(ask, settings, monkeypatch, tmp_path, how, state, said):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority(tmp_path)))
    with site(certificate(tmp_path, **how)) as shown:
        publish(settings, shown.url)
        result = ask(SUBJECT, "certificate")
        assert result.state == state
        assert said in result.seen
        trusted = said != "(9 days)" and state == State.WRONG
        assert ask(SUBJECT, "site").state == (State.UNSEEN if trusted else State.FINE)


def test_an_authority_that_this_system_does_not_trust_is_wrong(ask, settings, tmp_path):
    with site(certificate(tmp_path)) as shown:
        publish(settings, shown.url)
        assert "does not trust" in ask(SUBJECT, "certificate").seen


def test_plain_http_where_tls_is_promised_is_wrong(ask, shown, settings):
    publish(settings, shown.url.replace("http:", "https:"))
    result = ask(SUBJECT, "certificate")
    assert result.state == State.WRONG
    assert "does not speak TLS" in result.seen
