"""How the value of an environment variable is checked: each check says what is wrong with it, None for nothing.

Values are not repeated in what is said: they may hold passwords and keys.
"""

import re
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from mailer.sendgrid.errors import ConfigurationError as BadKey
from mailer.sendgrid.signature import parse_public_key

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
ALLOWED_HOST = re.compile(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:]+\]")
FOR_EVER = "keep"
"""In the place of a number of days."""

Check = Callable[[str], str | None]


def url(*schemes: str) -> Check:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: str) -> str | None:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            return "has a host or port that cannot be read"
        # What stands there instead is not repeated: it may be a password that lost its beginning.
        return None if parts.scheme in schemes else f"does not start with {wanted}"

    return check


def postgres(value: str) -> str | None:
    if not value.startswith(("postgres://", "postgresql://")):
        return "does not start with postgres:// or postgresql://"
    try:
        ports = str(conninfo_to_dict(value).get("port") or "5432").split(",")
    except ProgrammingError:
        return "cannot be read (special characters of a password are written as %40 and the like)"
    return None if all(port.isdecimal() for port in ports) else "has a port that is not a number"


def origin(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "has a host or port that cannot be read"
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.hostname or ""):
        return "is not an http(s) address"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "must be https, except on this machine"
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        return "must be an origin: no user, no path, no query"
    return None


def address(value: str) -> str | None:
    return None if re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+", value) else "is not an e-mail address"


def issuer(value: str) -> str | None:
    """OpenID Connect's address of who vouches for people: https, perhaps with a path (Discovery 1.0, section 3)."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return "cannot be read"
    if wrong := origin(parts._replace(path="").geturl()):
        return wrong
    ends = parts.path.endswith("/.well-known/openid-configuration")
    return "is the address of the document: leave out /.well-known/openid-configuration" if ends else None


def secret(value: str) -> str | None:
    return "is shorter than 32 characters" if len(value) < 32 else None


def token(value: str) -> str | None:
    if not re.fullmatch(r"[!-~]+", value):
        return "holds a space, a line break or a letter that fits no header"
    return secret(value)


def secrets(value: str) -> str | None:
    return next((f"holds a key that {wrong}" for key in listed(value) if (wrong := secret(key))), None)


def days(value: str) -> str | None:
    if value == FOR_EVER:
        return None
    return f"{wrong}, nor the word {FOR_EVER}" if (wrong := whole(36_500)(value)) else None


def api_key(value: str) -> str | None:
    return None if re.fullmatch(r"[!-~]+", value) else "holds a space, a line break or a letter no key has"


def seconds(value: str) -> str | None:
    try:
        seconds = float(value)
    except ValueError:
        return "is not a number of seconds"
    return None if 0 < seconds <= 600 else "is not between 0 and 600 seconds"


def whole(most: int, least: int = 1) -> Check:
    def check(value: str) -> str | None:
        fits = re.fullmatch(r"[0-9]{1,9}", value) and least <= int(value) <= most
        return None if fits else f"is not a whole number between {least} and {most}"

    return check


def name_server(value: str) -> str | None:
    try:
        host_and_port(value)
    except ValueError:
        return "is not an IP address and a port"
    return None


def networks(value: str) -> str | None:
    try:
        networks = [ip_network(part) for part in listed(value)]
    except ValueError:
        return "holds something that is not a network (first address, slash, number of bits)"
    whole = any(network.prefixlen == 0 for network in networks)
    return "holds a network of all addresses: every click would be a scanner's" if whole else None


def time_zone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return "is not the name of a time zone"
    return None


def level(value: str) -> str | None:
    levels = ("debug", "info", "warning", "error")
    return None if value.lower() in levels else f"is none of {', '.join(levels)}"


def yes_no(value: str) -> str | None:
    return None if value.lower() in ("yes", "no", "true", "false", "1", "0") else "is neither yes nor no"


def yes(value: str) -> bool:
    """What `yes_no` found good."""
    return value.lower() in ("yes", "true", "1")


def some(value: str) -> str | None:
    return (
        None
        if value.isprintable() and len(value) <= 60
        else "is longer than 60 characters, or holds a line break"
    )


def keys(value: str) -> str | None:
    try:
        for key in listed(value):
            parse_public_key(key)
    except BadKey:
        return "holds something that is not a public key as SendGrid shows it"
    return None


def hosts(value: str) -> str | None:
    fit = all(ALLOWED_HOST.fullmatch(host) for host in listed(value))
    return None if fit else "holds something that is not a host name (no https://, no port, no path)"


def hosts_with_ports(value: str) -> str | None:
    fit = all(re.fullmatch(r"([\w.-]+|[0-9a-f:]+)(:[0-9]{1,5})?", host) for host in listed(value))
    return (
        None
        if fit
        else "holds something that is not a host name, with or without a port (no https://, no path)"
    )


def folder(value: str) -> str | None:
    return "is not the path of a folder" if "\0" in value or not value.strip() else None


def bucket(value: str) -> str | None:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{3,63}", value):
        return "is not the name of a bucket"
    if find_spec("boto3") is None:
        return "needs a package that is not installed: pip install 'mailer[s3]'"
    return None


def word(value: str) -> str | None:
    return None if re.fullmatch(r"[\w-]+", value) else "is not a word of letters, digits and -"


def period(value: str) -> int | None:
    """A number of days; None for ever."""
    return None if value == FOR_EVER else int(value)


def host_and_port(value: str) -> tuple[str, int]:
    """An IP address and a port; 53 where none is named. Raises ValueError."""
    parts = urlsplit(f"//{value}")
    if parts.netloc != value:
        raise ValueError("not a host and a port alone")
    return str(ip_address(parts.hostname or "")), parts.port or 53


def listed(value: str) -> list[str]:
    """What is separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()]
