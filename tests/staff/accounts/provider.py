"""A provider of OpenID Connect that vouches for whomever a test says, over HTTP on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Provider(ThreadingHTTPServer):
    """What it says of who signs in: `claims`."""

    claims: dict[str, Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    """Discovery, tokens and claims. There is no page: a test follows the redirect that its user would be sent on."""

    server: Provider

    def do_GET(self) -> None:
        url = self.server.url
        if self.path.startswith("/.well-known/"):
            self._tell(
                {
                    "issuer": url,
                    "authorization_endpoint": f"{url}/authorize",
                    "token_endpoint": f"{url}/token",
                    "userinfo_endpoint": f"{url}/claims",
                    "jwks_uri": f"{url}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        else:
            self._tell(self.server.claims)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = given["client_secret"] == ["secret-of-this-site"] and "code_verifier" in given
        self._tell({"access_token": "t", "token_type": "Bearer"} if good else {"error": "invalid_client"})

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def _tell(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider(**claims: Any) -> Iterator[Provider]:
    """A running one that says this of everybody."""
    server = Provider(("127.0.0.1", 0), _Answers)
    server.claims = claims
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def state_of(location: str) -> str:
    """What the site wants to be told again, from where it sent a browser."""
    return parse_qs(urlsplit(location).query)["state"][0]
