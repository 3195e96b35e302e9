"""DNS, asked in one way: what is not there is told apart from what could not be asked."""

from typing import Any

import dns.exception
import dns.resolver

from mailer.doctor.result import CannotSee

LIMIT = 6.0
"""Seconds for an answer, all servers and tries together."""
PLACEHOLDERS = ("example", "example.com", "example.net", "example.org", "test", "invalid", "localhost")
"""Names that stand for others in documents and tests, and lead nowhere: RFC 2606, RFC 6761."""


class NoSuchName(Exception):
    """There is no record of any kind by this name (NXDOMAIN): somebody must make one."""

    code = "no_such_name"


class Resolver:
    """Asks `server` (an IP address and a port), or the name servers that this machine is set up with; for `limit` seconds.

    Every question raises NoSuchName, or CannotSee where no server gave an answer: that says nothing about the record.
    """

    def __init__(self, server: tuple[str, int] | None, limit: float = LIMIT) -> None:
        self._limit = limit
        self._resolver: dns.resolver.Resolver | None = None
        try:
            self._resolver = dns.resolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            return
        self._resolver.timeout = limit / 3
        self._resolver.use_edns(0, 0, 1232)  # keys of 2,048 bits fit into an answer then
        if server is not None:
            self._resolver.nameservers = [server[0]]
            self._resolver.port = server[1]

    def texts(self, name: str) -> list[str]:
        """The TXT records, each in one piece, behind the aliases that lead to them; none, where there are others only."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mail_servers(self, name: str) -> list[str]:
        """The hosts of the MX records, the preferred first; "" for the null MX of RFC 7505."""
        records = sorted(self._ask(name, "MX"), key=lambda record: int(record.preference))
        return [str(record.exchange).rstrip(".").lower() for record in records]

    def alias(self, name: str) -> str | None:
        """What the CNAME record points to, in lower case; None where there is none."""
        return next((str(record).rstrip(".").lower() for record in self._ask(name, "CNAME")), None)

    def has_address(self, name: str) -> bool:
        """Whether there is an A or AAAA record."""
        return any(self._ask(name, kind) for kind in ("A", "AAAA"))

    def _ask(self, name: str, kind: str) -> list[Any]:
        placeholder = placeholder_in(name)
        if placeholder:
            raise CannotSee(
                f"{placeholder} is a placeholder, and no domain of yours.",
                "Before real mail, give the newsletter a sender of your own.",
            )
        if self._resolver is None:
            raise CannotSee(
                "This machine has no name server set up.", "Name one, such as DNS_SERVER=192.0.2.53:53."
            )
        try:
            answer = self._resolver.resolve(
                name, kind, raise_on_no_answer=False, lifetime=self._limit, search=False
            )
        except dns.resolver.NXDOMAIN as error:
            raise NoSuchName(f"{name} does not exist in DNS (NXDOMAIN)") from error
        except dns.resolver.NoNameservers as error:
            raise CannotSee(
                f"The name servers fail on {kind} of {name} (SERVFAIL or refused).",
                "Try again. If it stays, the domain's own servers or their DNSSEC are out of order.",
            ) from error
        except dns.exception.Timeout as error:
            raise CannotSee(
                f"No name server answered for {kind} of {name} within {self._limit:.0f} seconds.",
                "Try again.",
            ) from error
        except dns.exception.DNSException as error:
            raise NoSuchName(f"{name} cannot be a name in DNS ({type(error).__name__})") from error
        return list(answer) if answer.rrset is not None else []


def placeholder_in(name: str) -> str | None:
    """The placeholder that a name is or lies under."""
    name = name.lower().rstrip(".")
    return next((each for each in PLACEHOLDERS if name == each or name.endswith(f".{each}")), None)
