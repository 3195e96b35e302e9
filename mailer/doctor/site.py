"""The site as SendGrid and subscribers meet it: through PUBLIC_URL, its proxy and its certificate."""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

from mailer.doctor import certificate
from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong
from mailer.doctor.webhook import our_address
from mailer.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER

SUBJECT = "Public address"
LIMIT = 10.0
"""Seconds for an answer."""
LONGEST = 4096
"""Bytes of it that are looked at."""
REFUSED, UNSIGNED, NO_KEYS = "The signature", "The post is not signed", "This address takes no events"
"""How the answers of our webhook begin."""
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
FROM_HERE = "Look from outside: some networks do not let a machine reach its own public address."


@dataclass(frozen=True)
class Page:
    """An answer of the site's."""

    status: int
    location: str
    text: str


def checks(installation: Installation) -> Iterator[Check]:
    """The site, its certificate, and the way of the webhook's posts. What is looked at changes nothing."""
    yield Check(SUBJECT, "site", partial(_site, installation))
    yield Check(SUBJECT, "certificate", partial(_certificate, installation))
    yield Check(SUBJECT, "webhook", partial(_webhook, installation))


def _site(installation: Installation) -> Verdict:
    public_url = installation.environment.public_url
    page = _fetch("GET", f"{public_url}/healthz")
    if isinstance(page, Verdict):
        return page
    if page.status == 200 and page.text.startswith("ok"):
        return fine(f"{public_url} answers, and its database with it.")
    if page.status == 503:
        return wrong(f"{public_url} answers 503: {page.text}", "See the subject Database, and web's log.")
    if page.status == 400:
        return wrong(
            f"{public_url} answers 400, as for a host name that is not its own.",
            "Let the proxy pass the Host header on unchanged, or name the host in ALLOWED_HOSTS.",
        )
    return wrong(
        f"{public_url}/healthz answers {_told(page)}: somebody else's site, or the proxy does not pass it on.",
        "Let the proxy pass all paths of this host name on to: mailer web",
    )


def _webhook(installation: Installation) -> Verdict:
    """A post whose signature nobody made: our site refuses it, in words that show what reached it."""
    address = our_address(installation)
    page = _fetch("POST", address, {SIGNATURE_HEADER: "mailer-doctor", TIMESTAMP_HEADER: "0"})
    if isinstance(page, Verdict):
        return page
    if page.status == 403 and page.text.startswith(REFUSED):
        return fine(f"Posts to {address} arrive; this one was refused, as nobody signed it.")
    if page.status == 403 and page.text.startswith(UNSIGNED):
        return wrong(
            f"Posts to {address} arrive without the headers of the signature, so all are refused.",
            f"Let the proxy pass {SIGNATURE_HEADER} and {TIMESTAMP_HEADER} on.",
        )
    if page.status == 403 and page.text.startswith(NO_KEYS):
        return wrong(
            f"Posts to {address} arrive, but web runs without SENDGRID_WEBHOOK_KEYS.",
            "Set it for web too, and restart it.",
        )
    if 300 <= page.status < 400:
        return wrong(
            f"Posts to {address} are answered with {_told(page)}: SendGrid follows no redirect, and every event is lost.",
            "Set PUBLIC_URL to where the redirect leads, or have the proxy redirect nothing under /webhooks/.",
        )
    return wrong(
        f"Posts to {address} are answered with {_told(page)}, and not by our site.",
        "Let the proxy, or what protects it, pass POST under /webhooks/ on, with bodies of up to 4 MB.",
    )


def _certificate(installation: Installation) -> Verdict:
    parts = urlsplit(installation.environment.public_url)
    if parts.scheme != "https":
        return fine("None: plain http, which only this machine sees.")
    host, port = parts.hostname or "", parts.port or 443
    try:
        return certificate.look(host, port, LIMIT)
    except OSError as error:
        raise CannotSee(f"{host} cannot be reached ({_word(error)}).", "See: site.") from error


def _fetch(method: str, url: str, headers: Mapping[str, str] = NO_HEADERS) -> Page | Verdict:
    """One request, redirects not followed; or what is wrong where there is no answer.

    Raises:
        CannotSee: it is not known whether others get one.
    """
    parts = urlsplit(url)
    connection = _connection(parts)
    try:
        connection.request(method, parts.path, headers={"User-Agent": "mailer doctor", **headers})
        response = connection.getresponse()
        text = response.read(LONGEST).decode("utf-8", "replace")
        return Page(response.status, response.headers.get("Location", ""), text)
    except ssl.SSLCertVerificationError as error:
        raise CannotSee("Its certificate is not trusted.", "See: certificate.") from error
    except (ConnectionRefusedError, socket.gaierror) as error:
        if isinstance(error, socket.gaierror) and error.errno != socket.EAI_NONAME:
            raise CannotSee(f"{parts.hostname} cannot be looked up now.", "Try again.") from error
        reason = "its name does not exist" if isinstance(error, socket.gaierror) else "nobody listens there"
        return wrong(
            f"{parts.scheme}://{parts.netloc} cannot be reached: {reason}.",
            "Start the site (mailer web, or mailer up), and check that PUBLIC_URL leads to it.",
        )
    except (OSError, http.client.HTTPException) as error:
        raise CannotSee(
            f"{parts.netloc} gives no answer to this machine ({_word(error)}).", FROM_HERE
        ) from error
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=LIMIT, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT)


def _told(page: Page) -> str:
    return f"{page.status}{f' to {page.location}' if page.location else ''}"


def _word(error: Exception) -> str:
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__
