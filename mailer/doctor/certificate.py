"""The certificate of PUBLIC_URL, judged as a stranger's program judges it: by the authorities that the system trusts.

SendGrid posts to an address whose certificate it can verify, and to no other.
"""

import socket
import ssl
import time
from datetime import UTC, datetime

from mailer.doctor.result import Verdict, fine, wrong

FEWEST_DAYS = 14
"""Days left. Certificates of 90 days are renewed 30 days before their end, so by then it has failed for two weeks."""
DAY = 86_400

# OpenSSL's numbers: openssl-verify(1), "DIAGNOSTICS".
WRONG = {
    9: ("It is not valid yet.", "Look at the server's clock, or wait."),
    10: ("It has expired.", "Renew it, and see why that did not happen by itself."),
    18: ("It is signed by itself.", "Get one from an authority, such as Let's Encrypt: it costs nothing."),
    19: ("It is signed by itself.", "Get one from an authority, such as Let's Encrypt: it costs nothing."),
    20: (
        "Its chain is not complete, or leads to an authority that this system does not trust.",
        "Have the server send the chain too (fullchain.pem).",
    ),
    21: ("Its chain is not complete.", "Have the server send the chain too (fullchain.pem)."),
    62: ("It is for another host name.", "Get one for the host of PUBLIC_URL."),
    64: ("It is for another address.", "Get one for the host of PUBLIC_URL."),
}


def look(host: str, port: int, limit: float) -> Verdict:
    """Look at the certificate that a host shows.

    Args:
        limit: seconds to wait.
    Raises:
        OSError: it cannot be reached.
    """
    context = ssl.create_default_context()
    with socket.create_connection((host, port), limit) as connection:
        try:
            with context.wrap_socket(connection, server_hostname=host) as secured:
                shown = secured.getpeercert() or {}
        except ssl.SSLCertVerificationError as error:
            reason, todo = WRONG.get(
                error.verify_code, (f"It is not trusted ({error.verify_message}).", "Get another one.")
            )
            return wrong(reason, todo)
        except ssl.SSLError as error:
            return wrong(
                f"{host} does not speak TLS as it should ({error.reason or 'handshake failed'}).",
                "Check the proxy's TLS settings, and that PUBLIC_URL names the right port.",
            )
    return _judge(ssl.cert_time_to_seconds(str(shown["notAfter"])))


def _judge(end: int) -> Verdict:
    days = int((end - time.time()) // DAY)
    seen = f"Trusted, for this host, until {datetime.fromtimestamp(end, UTC):%d %B %Y} ({days} days)."
    if days < FEWEST_DAYS:
        return wrong(seen, "Renew it now, and see why that did not happen by itself.")
    return fine(seen)
