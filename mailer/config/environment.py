"""The environment variables that mailer reads, all of them, each checked at start.

A wrong or missing value is answered with its name, what is wrong and an example; all of them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from psycopg.conninfo import conninfo_to_dict

from mailer.config import check
from mailer.config.check import Check, host_and_port, listed, period, yes
from mailer.config.sentry import check_dsn

CONNECT_LIMIT = 10
"""Seconds to wait for the database to take a connection, unless DATABASE_URL says otherwise (connect_timeout)."""


class ConfigurationError(Exception):
    """Some settings are missing or wrong; the message names each."""

    code = "configuration"


@dataclass(frozen=True)
class Environment:
    """What the environment says, parsed. Lengths of time are in seconds, of retention in days; None: for ever."""

    database_url: str
    redis_url: str
    celery_broker_url: str
    secret_key: str
    public_url: str
    sendgrid_api_key: str
    sendgrid_host: str
    sendgrid_webhook_keys: tuple[str, ...]
    sendgrid_timeout: float
    sendgrid_in_flight: int
    sendgrid_rate: int | None
    allowed_hosts: tuple[str, ...]
    proxies: int
    scanner_networks: tuple[str, ...]
    dns_server: tuple[str, int] | None
    time_zone: str
    log_level: str | None
    metrics_token: str | None
    sentry_dsn: str | None
    debug: bool
    secret_key_fallbacks: tuple[str, ...]
    retention_events: int | None
    retention_unconfirmed: int | None
    retention_inactive: int | None
    retention_backlog: int | None
    fetch_private_hosts: tuple[str, ...]
    media_root: str
    s3_bucket: str | None
    s3_endpoint: str | None
    s3_region: str | None
    s3_public_url: str | None
    s3_access_key: str | None
    s3_secret_key: str | None
    staff_mail_from: str | None
    staff_second_factor: bool
    oidc_server: str | None
    oidc_client_id: str
    oidc_secret: str
    oidc_name: str

    def __repr__(self) -> str:
        """Names only: the values hold passwords and keys."""
        return f"Environment({', '.join(field.name for field in fields(self))})"


@dataclass(frozen=True)
class Variable:
    """One environment variable: what it is for, how it is checked, an example, and a default where there is one."""

    name: str
    purpose: str
    example: str
    check: Check
    default: str | None = None


VARIABLES = (
    Variable(
        "DATABASE_URL", "PostgreSQL", "postgres://mailer:password@db.example.org:5432/mailer", check.postgres
    ),
    Variable("REDIS_URL", "Redis", "redis://cache.example.org:6379/0", check.url("redis", "rediss", "unix")),
    Variable(
        "CELERY_BROKER_URL",
        "the queue; REDIS_URL when not set",
        "amqp://mailer:password@queue.example.org:5672//",
        check.url("redis", "rediss", "amqp", "amqps"),
        default="",
    ),
    Variable("SECRET_KEY", "signs sessions and the links in mails", "50 random characters", check.secret),
    Variable("PUBLIC_URL", "where subscribers reach this site", "https://news.example.org", check.origin),
    Variable("SENDGRID_API_KEY", "the key that may send mail", "SG.…", check.api_key),
    Variable(
        "SENDGRID_HOST",
        "SendGrid's API",
        "https://api.sendgrid.com",
        check.origin,
        "https://api.sendgrid.com",
    ),
    Variable(
        "SENDGRID_WEBHOOK_KEYS",
        "public keys of the signed event webhook, separated by commas",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…",
        check.keys,
        default="",
    ),
    Variable("SENDGRID_TIMEOUT", "seconds to wait for an answer", "30", check.seconds, default="30"),
    Variable(
        "SENDGRID_IN_FLIGHT", "requests at once, of all workers", "64", check.whole(10_000), default="64"
    ),
    Variable(
        "SENDGRID_RATE",
        "recipients a second, of all workers; no limit when not set",
        "5000",
        check.whole(1_000_000),
        default="",
    ),
    Variable(
        "ALLOWED_HOSTS",
        "host names besides PUBLIC_URL's, separated by commas",
        "mailer.internal",
        check.hosts,
        default="",
    ),
    Variable(
        "PROXIES",
        "trusted proxies in front, each of which adds to X-Forwarded-For",
        "1",
        check.whole(10, least=0),
        default="0",
    ),
    Variable(
        "DNS_SERVER",
        "asked by mailer doctor; this machine's own servers when not set",
        "192.0.2.53:53",
        check.name_server,
        default="",
    ),
    Variable(
        "SCANNER_NETWORKS",
        "of link scanners besides those that are known, separated by commas: opens and clicks from there are no person's",
        "192.0.2.0/24,2001:db8::/32",
        check.networks,
        default="",
    ),
    Variable("TIME_ZONE", "of the staff site", "Asia/Singapore", check.time_zone, default="UTC"),
    Variable("LOG_LEVEL", "how much is logged", "info", check.level, default=""),
    Variable(
        "METRICS_TOKEN",
        "who bears it may read /metrics; when not set, only this machine may",
        "50 random characters",
        check.token,
        default="",
    ),
    Variable(
        "SENTRY_DSN",
        "where errors are sent; nowhere when not set",
        "https://key@sentry.example.org/42",
        check_dsn,
        default="",
    ),
    Variable("DEBUG", "Django's error pages; never in production", "no", check.yes_no, default="no"),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "former values of SECRET_KEY, separated by commas: links in old mails work, erased addresses are known again",
        "50 random characters",
        check.secrets,
        default="",
    ),
    Variable("RETENTION_EVENTS", "days for which events are kept", "400", check.days, default="400"),
    Variable(
        "RETENTION_UNCONFIRMED",
        "days after which people who never confirmed go",
        "30",
        check.days,
        default="30",
    ),
    Variable("RETENTION_INACTIVE", "days after which inactive people go", "730", check.days, default="keep"),
    Variable(
        "RETENTION_BACKLOG",
        "days after which stories that a feed brought go from the backlog, unless somebody touched them",
        "90",
        check.days,
        default="90",
    ),
    Variable(
        "FETCH_PRIVATE_HOSTS",
        "hosts that need not be on the public internet for links and feeds to be fetched there, separated by commas",
        "intranet.example.org,127.0.0.1:8025",
        check.hosts_with_ports,
        default="",
    ),
    Variable(
        "MEDIA_ROOT",
        "the folder for pictures, of all processes of the site; var/media when not set",
        "/srv/mailer/media",
        check.folder,
        default="var/media",
    ),
    Variable("S3_BUCKET", "for pictures, in place of MEDIA_ROOT", "pictures", check.bucket, default=""),
    Variable(
        "S3_ENDPOINT",
        "of the storage; Amazon's when not set",
        "https://s3.eu-central-1.example.org",
        check.origin,
        default="",
    ),
    Variable("S3_REGION", "of the bucket", "eu-central-1", check.word, default=""),
    Variable(
        "S3_PUBLIC_URL",
        "where readers find what lies in the bucket; the bucket's own address when not set",
        "https://pictures.example.org",
        check.url("https", "http"),
        default="",
    ),
    Variable(
        "S3_ACCESS_KEY", "of the bucket; found as Amazon's tools do when not set", "AKIA…", check.api_key, ""
    ),
    Variable("S3_SECRET_KEY", "that belongs to S3_ACCESS_KEY", "40 random characters", check.api_key, ""),
    Variable(
        "STAFF_MAIL_FROM",
        "sender of invitations and new passwords; the first newsletter's when not set",
        "mailer@example.org",
        check.address,
        default="",
    ),
    Variable(
        "STAFF_SECOND_FACTOR",
        "whether the staff site takes nobody without an authenticator app or a passkey",
        "yes",
        check.yes_no,
        default="no",
    ),
    Variable(
        "OIDC_SERVER",
        "issuer of OpenID Connect that the staff may sign in with",
        "https://login.example.org/realms/staff",
        check.issuer,
        default="",
    ),
    Variable("OIDC_CLIENT_ID", "what it calls this site", "mailer", check.api_key, default=""),
    Variable("OIDC_SECRET", "what it gave this site", "50 random characters", check.api_key, default=""),
    Variable(
        "OIDC_NAME", "on the button: Sign in with …", "Example Ltd", check.some, default="OpenID Connect"
    ),
)


def read(source: Mapping[str, str]) -> Environment:
    """Parse and check the environment.

    Args:
        source: variables by name, as `os.environ`.
    Raises:
        ConfigurationError: with every variable that is missing or wrong, and an example for each.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for variable in VARIABLES:
        value = source.get(variable.name, "") or variable.default
        if value is None:
            problem: str | None = "is not set"
        else:
            values[variable.name] = value
            problem = variable.check(value) if value else None
        if problem:
            problems.append(
                f"{variable.name} ({variable.purpose}) {problem}. Example: {variable.name}={variable.example}"
            )
    if not problems and values["OIDC_SERVER"] and not (values["OIDC_CLIENT_ID"] and values["OIDC_SECRET"]):
        problems.append(
            "OIDC_SERVER needs OIDC_CLIENT_ID and OIDC_SECRET beside it, as the server gave them."
        )
    if problems:
        raise ConfigurationError("\n".join(["The settings need attention:", *(f"  - {p}" for p in problems)]))
    values["CELERY_BROKER_URL"] = values["CELERY_BROKER_URL"] or values["REDIS_URL"]
    return Environment(
        database_url=values["DATABASE_URL"],
        redis_url=values["REDIS_URL"],
        celery_broker_url=values["CELERY_BROKER_URL"],
        secret_key=values["SECRET_KEY"],
        public_url=values["PUBLIC_URL"].rstrip("/"),
        sendgrid_api_key=values["SENDGRID_API_KEY"],
        sendgrid_host=values["SENDGRID_HOST"].rstrip("/"),
        sendgrid_webhook_keys=tuple(listed(values["SENDGRID_WEBHOOK_KEYS"])),
        sendgrid_timeout=float(values["SENDGRID_TIMEOUT"]),
        sendgrid_in_flight=int(values["SENDGRID_IN_FLIGHT"]),
        sendgrid_rate=int(values["SENDGRID_RATE"]) if values["SENDGRID_RATE"] else None,
        allowed_hosts=tuple(listed(values["ALLOWED_HOSTS"])),
        proxies=int(values["PROXIES"]),
        scanner_networks=tuple(listed(values["SCANNER_NETWORKS"])),
        dns_server=host_and_port(values["DNS_SERVER"]) if values["DNS_SERVER"] else None,
        time_zone=values["TIME_ZONE"],
        log_level=values["LOG_LEVEL"].upper() or None,
        metrics_token=values["METRICS_TOKEN"] or None,
        sentry_dsn=values["SENTRY_DSN"] or None,
        debug=yes(values["DEBUG"]),
        secret_key_fallbacks=tuple(listed(values["SECRET_KEY_FALLBACKS"])),
        retention_events=period(values["RETENTION_EVENTS"]),
        retention_unconfirmed=period(values["RETENTION_UNCONFIRMED"]),
        retention_inactive=period(values["RETENTION_INACTIVE"]),
        retention_backlog=period(values["RETENTION_BACKLOG"]),
        fetch_private_hosts=tuple(listed(values["FETCH_PRIVATE_HOSTS"])),
        media_root=values["MEDIA_ROOT"],
        s3_bucket=values["S3_BUCKET"] or None,
        s3_endpoint=values["S3_ENDPOINT"].rstrip("/") or None,
        s3_region=values["S3_REGION"] or None,
        s3_public_url=values["S3_PUBLIC_URL"].rstrip("/") or None,
        s3_access_key=values["S3_ACCESS_KEY"] or None,
        s3_secret_key=values["S3_SECRET_KEY"] or None,
        staff_mail_from=values["STAFF_MAIL_FROM"] or None,
        staff_second_factor=yes(values["STAFF_SECOND_FACTOR"]),
        oidc_server=values["OIDC_SERVER"].rstrip("/") or None,
        oidc_client_id=values["OIDC_CLIENT_ID"],
        oidc_secret=values["OIDC_SECRET"],
        oidc_name=values["OIDC_NAME"],
    )


def database(url: str) -> dict[str, object]:
    """Django's settings for the database behind a libpq URL: many threads of workers and web servers share it."""
    given = conninfo_to_dict(url)
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{setting: given.pop(name, "") for setting, name in named.items()},
        "OPTIONS": {"connect_timeout": CONNECT_LIMIT, **given},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
