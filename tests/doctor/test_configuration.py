"""What the doctor says of settings that can be read and are no good."""

from dataclasses import replace

import pytest

from mailer.doctor.result import State

GOOD = {
    "public_url": "https://news.harbour-times.sg",
    "sendgrid_host": "https://api.sendgrid.com",
    "secret_key": "0f8a4b2c9d7e6351" * 2 + "c7e1b0a94d82f365" * 2,
    "secret_key_fallbacks": (),
    "sendgrid_webhook_keys": ("one",),
    "proxies": 1,
    "debug": False,
}
TRIAL = {"public_url": "http://127.0.0.1:8000", "sendgrid_host": "http://127.0.0.1:8025", "proxies": 0}
FINE, WRONG = State.FINE, State.WRONG


@pytest.mark.parametrize(
    ("name", "changes", "state"),
    [
        *((name, {}, FINE) for name in ("SECRET_KEY", "DEBUG", "PUBLIC_URL", "PROXIES", "SENDGRID_HOST")),
        *((name, TRIAL, FINE) for name in ("DEBUG", "PUBLIC_URL", "PROXIES", "SENDGRID_HOST")),
        ("SENDGRID_WEBHOOK_KEYS", {}, FINE),
        ("TIME_ZONE", {}, FINE),
        ("ALLOWED_HOSTS", {}, FINE),
        ("SECRET_KEY", {"secret_key": "a" * 64}, WRONG),
        ("SECRET_KEY", {"secret_key": "0f8a4b2c9d7e6351" * 2}, WRONG),
        ("SECRET_KEY", {"secret_key_fallbacks": ("secret" * 8,)}, WRONG),
        ("DEBUG", {"debug": True}, WRONG),
        ("DEBUG", {"debug": True, **TRIAL}, FINE),
        ("PUBLIC_URL", {"public_url": "http://localhost:8000"}, WRONG),
        ("PROXIES", {"proxies": 0}, WRONG),
        ("PROXIES", {"proxies": 4}, WRONG),
        ("SENDGRID_HOST", {"sendgrid_host": "http://127.0.0.1:8025"}, WRONG),
        ("SENDGRID_HOST", {"sendgrid_host": "https://api.sendgrid.net"}, WRONG),
        ("SENDGRID_HOST", {"sendgrid_host": "https://api.eu.sendgrid.com"}, FINE),
        ("SENDGRID_WEBHOOK_KEYS", {"sendgrid_webhook_keys": ()}, WRONG),
    ],
)
def test_a_setting_is_judged(ask, settings, name, changes, state):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **{**GOOD, **changes})
    settings.ALLOWED_HOSTS = ["news.harbour-times.sg"]
    result = ask("Configuration", name)
    assert result.state == state
    assert result.todo or state == FINE


def test_every_host_is_one_too_many(ask, settings):
    settings.ALLOWED_HOSTS = ["news.harbour-times.sg", "*"]
    assert ask("Configuration", "ALLOWED_HOSTS").state == WRONG
