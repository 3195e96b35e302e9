"""The settings: correct values that are no good ones. What is missing or malformed was refused at the start."""

import math
from collections import Counter
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from mailer.doctor.installation import Installation
from mailer.doctor.result import Check, Verdict, fine, wrong

SUBJECT = "Configuration"
SHORTEST_SECRET = 40
"""Characters. Twenty random bytes as hexadecimal digits are as many."""
LEAST_BITS = 128.0
"""Of a secret, as its letters' frequencies tell: a sentence or a repeated word has fewer."""
SENDGRID_HOSTS = ("api.sendgrid.com", "api.eu.sendgrid.com")


def checks(installation: Installation) -> Iterator[Check]:
    """One for each setting that can be wrong though it can be read."""
    looks = {
        "SECRET_KEY": _secret_key,
        "DEBUG": _debug,
        "PUBLIC_URL": _public_url,
        "ALLOWED_HOSTS": _allowed_hosts,
        "PROXIES": _proxies,
        "SENDGRID_HOST": _sendgrid_host,
        "SENDGRID_WEBHOOK_KEYS": _webhook_keys,
        "TIME_ZONE": _time_zone,
    }
    for name, look in looks.items():
        yield Check(SUBJECT, name, partial(look, installation))


def _secret_key(installation: Installation) -> Verdict:
    environment = installation.environment
    weak = [
        name
        for name, values in (
            ("SECRET_KEY", (environment.secret_key,)),
            ("SECRET_KEY_FALLBACKS", environment.secret_key_fallbacks),
        )
        if any(len(value) < SHORTEST_SECRET or bits(value) < LEAST_BITS for value in values)
    ]
    if weak:
        return wrong(
            f"{' and '.join(weak)}: short, or not random.",
            "Who guesses it can sign in and unsubscribe anybody. Make one with: openssl rand -hex 32. Keep the old one in "
            "SECRET_KEY_FALLBACKS while links in old mails must work.",
        )
    return fine(f"{len(environment.secret_key)} characters, random as far as can be told.")


def bits(secret: str) -> float:
    """How much chance is in a text at most, by Shannon's formula over its characters."""
    counts = Counter(secret).values()
    return -sum(count * math.log2(count / len(secret)) for count in counts)


def _debug(installation: Installation) -> Verdict:
    if not installation.environment.debug:
        return fine("Off.")
    if installation.trial:
        return fine("On, and nobody but this machine reaches the site.", "Switch it off before others do.")
    return wrong(
        "On: error pages show settings and addresses to everybody.", "Remove DEBUG, or set DEBUG=no."
    )


def _public_url(installation: Installation) -> Verdict:
    public_url = installation.environment.public_url
    if not installation.trial:
        return fine(f"{public_url}, over TLS.")
    if installation.emulated:
        return fine(
            f"{public_url}: this machine only, which is fine for trying out.",
            "For real mail set it to an https address that subscribers and SendGrid reach.",
        )
    return wrong(
        f"{public_url} leads to this machine, but mail goes out through SendGrid: neither subscribers nor SendGrid's "
        "webhook reach the site.",
        "Set PUBLIC_URL to an https address that leads here, such as https://news.example.org.",
    )


def _allowed_hosts(installation: Installation) -> Verdict:
    hosts = settings.ALLOWED_HOSTS
    if "*" in hosts:
        return wrong(
            "Every host name is let in (*): forged names get into links that are mailed and kept.",
            "Name the hosts in ALLOWED_HOSTS. PUBLIC_URL's own is always one of them.",
        )
    return fine(f"{', '.join(hosts)}.")


def _proxies(installation: Installation) -> Verdict:
    proxies = installation.environment.proxies
    if installation.trial:
        return fine(f"{proxies} in front.")
    if proxies == 0:
        # `mailer web` speaks plain HTTP, so something in front of it must end TLS.
        return wrong(
            "0, but PUBLIC_URL is https, so a proxy stands in front: all visitors seem to come from it, and the limits on "
            "sign-ups stop everybody at once.",
            "Set PROXIES to the number of proxies that add to X-Forwarded-For, mostly 1.",
        )
    if proxies > 3:
        return wrong(
            f"{proxies}: who comes past fewer of them may claim to have any address.",
            "Set PROXIES to the number of your own proxies between visitor and site.",
        )
    return fine(f"{proxies} in front.")


def _sendgrid_host(installation: Installation) -> Verdict:
    host = installation.environment.sendgrid_host
    if urlsplit(host).hostname in SENDGRID_HOSTS:
        return fine(f"{host}.")
    if not installation.emulated:
        return wrong(f"{host} is not SendGrid's.", f"Set SENDGRID_HOST to https://{SENDGRID_HOSTS[0]}.")
    if installation.trial:
        return fine(f"{host}: an emulator, nothing leaves this machine.")
    return wrong(
        f"{host}: an emulator on this machine takes all mail, though PUBLIC_URL is for subscribers.",
        f"Set SENDGRID_API_KEY to SendGrid's, and SENDGRID_HOST to https://{SENDGRID_HOSTS[0]} or leave it out.",
    )


def _webhook_keys(installation: Installation) -> Verdict:
    count = len(installation.environment.sendgrid_webhook_keys)
    if count == 0:
        return wrong(
            "Not set: every post of SendGrid's webhook is refused, and reports stay empty.",
            "Copy the verification key from SendGrid (Settings, Mail Settings, Event Webhook, Signature Verification).",
        )
    return fine(f"{count} {'key' if count == 1 else 'keys'}.")


def _time_zone(installation: Installation) -> Verdict:
    return fine(f"{installation.environment.time_zone}, where it is {timezone.localtime():%H:%M} now.")
