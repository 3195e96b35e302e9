"""The two kinds of request the emulator makes itself: posts to the webhook, and one-click unsubscribes."""

import http.client
import re
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECONDS = 10.0
ONE_CLICK = "List-Unsubscribe=One-Click"
_ADDRESSES = re.compile(r"<\s*([^<>\s]+)\s*>")


def _connect(url: str) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    if parts.hostname is None or parts.scheme not in {"http", "https"}:
        raise OSError("not an http(s) address")
    try:
        port = parts.port
    except ValueError as error:
        raise OSError("not a port number") from error
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return make(parts.hostname, port, timeout=SECONDS), path


class KeptConnection:
    """A connection that stays open between posts to one host. Not for several threads at once."""

    def __init__(self) -> None:
        self._host: tuple[str, str] | None = None
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """End the connection; the next post makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Post and return the status; redirects are not followed. Raises OSError, HTTPException.

        A kept connection that the other side has closed meanwhile is replaced and the post made once more.
        """
        parts = urlsplit(url)
        if self._host != (parts.scheme, parts.netloc):
            self.close()
            self._host = (parts.scheme, parts.netloc)
        used = self._connection is not None
        try:
            return self._post_once(url, body, headers)
        except (ConnectionError, http.client.BadStatusLine):
            if not used:
                raise
            return self._post_once(url, body, headers)

    def _post_once(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        connection, path = _connect(url)
        if self._connection is None:
            self._connection = connection
        try:
            self._connection.request("POST", path, body, headers)
            response = self._connection.getresponse()
            response.read()
        except BaseException:
            self.close()
            raise
        return response.status


def one_click_address(unsubscribe: str | None, post: str | None) -> str | None:
    """The http(s) address of a List-Unsubscribe header that may be posted to: RFC 8058 asks for
    List-Unsubscribe-Post beside it."""
    if unsubscribe is None or post is None or post.strip() != ONE_CLICK:
        return None
    addresses = _ADDRESSES.findall(unsubscribe)
    return next((address for address in addresses if address.startswith(("https://", "http://"))), None)


def is_local(url: str) -> bool:
    """Whether an address lies on this machine: the emulator calls no other."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def post_one_click(url: str) -> int | None:
    """Unsubscribe as a mail program does (RFC 8058 section 3.1): a POST without cookies, redirects not
    followed. Returns the status, or None when nothing answered or the address is not on this machine."""
    if not is_local(url):
        return None
    try:
        connection, path = _connect(url)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, ONE_CLICK.encode(), headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return None
