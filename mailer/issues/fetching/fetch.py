"""Fetch one address: follow its redirects, look at what comes before it is read, read no more than may come."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import lru_cache
from ssl import SSLContext

import httpcore
import httpx
from django.conf import settings

from mailer.issues.fetching.connect import Deadline, PublicNetwork, Resolve, resolve
from mailer.issues.fetching.decompress import ACCEPTED, decompress
from mailer.issues.fetching.errors import FetchError
from mailer.issues.fetching.limits import Limits

LONGEST_ADDRESS = 2000
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
NOT_MODIFIED = 304


@dataclass(frozen=True)
class Fetched:
    """What came.

    Attributes:
        url: where it was found at the end.
        status: 200 to 299, or 304 where `headers` of the request asked for what is new.
        headers: by name in lower case; of several by one name the first.
        media_type: such as `text/html`; empty where none was said.
        charset: as the header says, or None.
        body: decompressed; empty where no types were asked for.
        moved: every redirect that led here was a permanent one, and there was one.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    media_type: str
    charset: str | None
    body: bytes = field(repr=False)
    moved: bool = False


def fetch(
    url: str,
    limits: Limits,
    *,
    headers: Mapping[str, str] | None = None,
    private_hosts: Iterable[str] | None = None,
    resolve: Resolve = resolve,
) -> Fetched:
    """Fetch an address that somebody named.

    Args:
        url: http or https.
        limits: how much, how long and what may come.
        headers: besides our own, such as If-None-Match.
        private_hosts: hosts, or hosts with a port, that need not be public; FETCH_PRIVATE_HOSTS where not given.
        resolve: how names are resolved.
    Raises:
        FetchError: nothing came, or something that may not come.
    """
    hosts = settings.ENVIRONMENT.fetch_private_hosts if private_hosts is None else private_hosts
    asked = {
        "User-Agent": f"mailer (+{settings.PUBLIC_URL})",
        "Accept": ", ".join(sorted(limits.types)) or "*/*",
        "Accept-Encoding": ACCEPTED,
        **(headers or {}),
    }
    network = PublicNetwork(Deadline(limits.seconds), hosts, resolve)
    target = web_address(url)
    statuses: list[int] = []
    with httpcore.ConnectionPool(
        ssl_context=_certificates(), network_backend=network, max_connections=limits.redirects + 1
    ) as pool:
        for _ in range(limits.redirects + 1):
            answer = _ask(pool, target, asked, limits)
            if isinstance(answer, Fetched):
                moved = bool(statuses) and PERMANENT.issuperset(statuses)
                return replace(answer, moved=moved)
            target, status = answer
            statuses.append(status)
    raise FetchError("redirects", f"{url} leads from one address to the next without an end.")


def web_address(url: str) -> httpx.URL:
    """An address as a request names it: no fragment, the host in ASCII, other characters escaped.

    Raises:
        FetchError: `address`, where it is none of the web.
    """
    url = url.strip()
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise FetchError(
            "address", "This is not a web address: write it as https://www.example.org/page."
        ) from error
    if len(str(parsed)) > LONGEST_ADDRESS:
        raise FetchError("address", f"The address is longer than {LONGEST_ADDRESS:,} characters.")
    if parsed.scheme not in ("http", "https") or not parsed.host or b"%" in parsed.raw_host:
        raise FetchError("address", "This is not a web address: write it as https://www.example.org/page.")
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise FetchError("address", "The address names a port that there is not: remove it.")
    if parsed.userinfo:
        raise FetchError("address", "The address holds a user or password: remove what stands before the @.")
    return parsed.copy_with(fragment=None)


@lru_cache(maxsize=1)
def _certificates() -> SSLContext:
    """Made once: it takes some 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


def _ask(
    pool: httpcore.ConnectionPool, target: httpx.URL, asked: Mapping[str, str], limits: Limits
) -> Fetched | tuple[httpx.URL, int]:
    """One request: what came, or where it redirects to and with which status."""
    host = target.netloc.decode("ascii")
    # In parts: read by another parser, it might be another address.
    url = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    headers = [(name.encode(), value.encode()) for name, value in {"Host": host, **asked}.items()]
    try:
        with pool.stream("GET", url, headers=headers) as response:
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in reversed(response.headers)
            }
            if response.status in REDIRECTS and "location" in found:
                return _next(target, found["location"]), response.status
            return _read(target, response, found, limits)
    except httpcore.TimeoutException as error:
        raise FetchError(
            "slow",
            f"{target.host} did not answer in full within {limits.seconds:.0f} seconds. Try again later.",
        ) from error
    except httpcore.ConnectError as error:
        raise FetchError("unreachable", _why_unreachable(target, error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise FetchError(
            "broken", f"{target.host} gave no answer that can be read. Try again later."
        ) from error


def _why_unreachable(target: httpx.URL, error: Exception) -> str:
    if "certificate" in str(error).lower() or "ssl" in str(error).lower():
        return f"{target.host} has no valid certificate, so it may be somebody else. Ask whoever runs it."
    return f"{target.host} cannot be reached: look at the address, or try again later."


def _next(target: httpx.URL, location: str) -> httpx.URL:
    try:
        return web_address(str(target.join(location)))
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise FetchError("broken", f"{target.host} redirects to something that is no address.") from error


def _read(
    target: httpx.URL, response: httpcore.Response, headers: Mapping[str, str], limits: Limits
) -> Fetched:
    said = Message()
    said["Content-Type"] = re.sub(r"[\r\n]", "", headers.get("content-type", ""))
    named = headers.get("content-type", "").strip()
    media_type = said.get_content_type() if named else ""
    body = b""
    if response.status != NOT_MODIFIED:
        if not 200 <= response.status < 300:
            raise FetchError("status", _says(target, response.status), response.status)
        if limits.types:
            if named and not limits.allows(media_type):
                raise FetchError(
                    "type", f"{target.host} sent {media_type}, and this is not what was looked for there."
                )
            body = _body(target, decompress(_chunks(response), headers.get("content-encoding", "")), limits)
    return Fetched(str(target), response.status, headers, media_type, said.get_content_charset(), body)


def _chunks(response: httpcore.Response) -> Iterator[bytes]:
    yield from response.iter_stream()


def _body(target: httpx.URL, pieces: Iterable[bytes], limits: Limits) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limits.size:
            if limits.cut:
                return bytes(body[: limits.size])
            raise FetchError(
                "large", f"What {target.host} sends is larger than {limits.size / 1024 / 1024:.0f} MB."
            )
    return bytes(body)


def _says(target: httpx.URL, status: int) -> str:
    match status:
        case 401 | 402 | 403 | 407 | 451:
            why = "it is not for everybody, or its site lets no programs in"
        case 404 | 410:
            why = "there is nothing at this address"
        case 429:
            why = "its site was asked too often: try again later"
        case status if status >= 500:
            why = "its site is out of order: try again later"
        case _:
            why = "its site gave no page"
    return f"{target.host} answered {status}: {why}."
