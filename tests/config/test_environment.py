"""The settings from the environment: what is asked for, what is refused, and what is said about it."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailer.config.environment import VARIABLES, ConfigurationError, database, read

SECRET = "hunter2-hunter2-hunter2-hunter2-hunter2"
GOOD = {
    "DATABASE_URL": "postgres://mailer:hunter2@db.example.org:5432/mailer",
    "REDIS_URL": "redis://:hunter2@cache.example.org:6379/0",
    "SECRET_KEY": SECRET,
    "PUBLIC_URL": "https://news.example.org",
    "SENDGRID_API_KEY": "SG.hunter2",
}
BY_NAME = {variable.name: variable for variable in VARIABLES}


def complaints(**changes: str) -> str:
    """What is said about the good settings with these changes."""
    with pytest.raises(ConfigurationError) as raised:
        read({**GOOD, **changes})
    return str(raised.value)


def public_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_five_variables_are_enough_and_the_others_have_defaults():
    found = read(GOOD)
    assert found.database_url == GOOD["DATABASE_URL"]
    assert found.celery_broker_url == found.redis_url == GOOD["REDIS_URL"]
    assert found.sendgrid_host == "https://api.sendgrid.com"
    assert found.sendgrid_webhook_keys == found.allowed_hosts == ()
    assert (found.sendgrid_in_flight, found.sendgrid_rate) == (64, None)
    assert (found.sendgrid_timeout, found.time_zone, found.log_level, found.debug) == (
        30.0,
        "UTC",
        None,
        False,
    )


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_a_missing_variable_is_named_with_its_purpose_and_an_example(name, value):
    variables = {key: text for key, text in GOOD.items() if key != name}
    with pytest.raises(ConfigurationError) as raised:
        read(variables if value is None else {**variables, name: value})
    variable = BY_NAME[name]
    assert f"{name} ({variable.purpose}) is not set. Example: {name}={variable.example}" in str(raised.value)
    assert str(raised.value).count("Example:") == 1


def test_an_empty_environment_names_everything_that_is_needed_at_once():
    with pytest.raises(ConfigurationError) as raised:
        read({})
    lines = str(raised.value).splitlines()
    assert [line.split()[1] for line in lines[1:]] == list(GOOD)


WRONG = [
    ("DATABASE_URL", "mysql://mailer@db/mailer", "does not start with postgres:// or postgresql://"),
    ("DATABASE_URL", "postgres://mailer:p%ss@db/mailer", "cannot be read"),
    ("DATABASE_URL", "postgres://mailer@db:port/mailer", "has a port that is not a number"),
    ("METRICS_TOKEN", "short", "is shorter than 32 characters"),
    ("METRICS_TOKEN", "with a space in it, and otherwise long enough", "holds a space"),
    ("SENTRY_DSN", "sentry.example.org/42", "is not the address of a project"),
    ("SENTRY_DSN", "https://sentry.example.org/42", "is not the address of a project"),
    ("SENTRY_DSN", "https://key@sentry.example.org/news", "does not end with the number of a project"),
    ("SENTRY_DSN", "http://key@sentry.example.org/42", "must be https, except on this machine"),
    ("SENTRY_DSN", "https://key@sentry.example.org:port/42", "cannot be read"),
    ("REDIS_URL", "cache.example.org:6379", "does not start with redis://"),
    ("REDIS_URL", "redis://cache.example.org:99999999", "has a host or port that cannot be read"),
    ("CELERY_BROKER_URL", "kafka://queue", "does not start with redis:// or rediss:// or amqp://"),
    ("SECRET_KEY", "short", "is shorter than 32 characters"),
    ("PUBLIC_URL", "news.example.org", "is not an http(s) address"),
    ("PUBLIC_URL", "ftp://news.example.org", "is not an http(s) address"),
    ("PUBLIC_URL", "https://news.example.org/letters", "must be an origin"),
    ("PUBLIC_URL", "https://news.example.org?a=b", "must be an origin"),
    ("PUBLIC_URL", "https://me@news.example.org", "must be an origin"),
    ("PUBLIC_URL", "https://news.example.org:port", "has a host or port that cannot be read"),
    ("SENDGRID_API_KEY", "SG.two words", "holds a space"),
    ("SENDGRID_API_KEY", "SG.line\n", "holds a space, a line break"),
    ("SENDGRID_HOST", "api.sendgrid.com", "is not an http(s) address"),
    ("SENDGRID_WEBHOOK_KEYS", "notakey", "holds something that is not a public key"),
    ("SENDGRID_TIMEOUT", "soon", "is not a number of seconds"),
    ("SENDGRID_TIMEOUT", "0", "is not between 0 and 600 seconds"),
    ("SENDGRID_TIMEOUT", "nan", "is not between 0 and 600 seconds"),
    ("SENDGRID_IN_FLIGHT", "0", "is not a whole number between 1 and 10000"),
    ("SENDGRID_IN_FLIGHT", "many", "is not a whole number"),
    ("SENDGRID_RATE", "1.5", "is not a whole number between 1 and 1000000"),
    ("SENDGRID_RATE", "-5", "is not a whole number"),
    ("ALLOWED_HOSTS", "https://mailer.internal", "is not a host name"),
    ("DNS_SERVER", "ns1.example.org", "is not an IP address and a port"),
    ("DNS_SERVER", "192.0.2.53:0x35", "is not an IP address and a port"),
    ("DNS_SERVER", "192.0.2.53/24", "is not an IP address and a port"),
    ("SCANNER_NETWORKS", "192.0.2.0/24,gateway.example.org", "holds something that is not a network"),
    ("SCANNER_NETWORKS", "192.0.2.1/24", "holds something that is not a network"),
    ("SCANNER_NETWORKS", "0.0.0.0/0", "holds a network of all addresses"),
    ("PROXIES", "-1", "is not a whole number between 0 and 10"),
    ("STAFF_MAIL_FROM", "mailer", "is not an e-mail address"),
    ("STAFF_SECOND_FACTOR", "perhaps", "is neither yes nor no"),
    ("OIDC_SERVER", "http://login.example.org", "must be https"),
    ("OIDC_SERVER", "https://[", "cannot be read"),
    ("OIDC_SERVER", "https://x.example/.well-known/openid-configuration", "leave out /.well-known"),
    ("OIDC_CLIENT_ID", "two words", "holds a space"),
    ("OIDC_SECRET", "two words", "holds a space"),
    ("OIDC_NAME", "x" * 61, "is longer than 60 characters"),
    ("TIME_ZONE", "Singapore Time", "is not the name of a time zone"),
    ("TIME_ZONE", "Asia", "is not the name of a time zone"),
    ("TIME_ZONE", "../etc/passwd", "is not the name of a time zone"),
    ("LOG_LEVEL", "loud", "is none of debug, info, warning, error"),
    ("DEBUG", "perhaps", "is neither yes nor no"),
    ("SECRET_KEY_FALLBACKS", "short", "holds a key that is shorter than 32 characters"),
    ("RETENTION_EVENTS", "0", "is not a whole number between 1 and 36500, nor the word keep"),
    ("RETENTION_UNCONFIRMED", "30 days", "is not a whole number between 1 and 36500, nor the word keep"),
    ("RETENTION_BACKLOG", "0", "is not a whole number between 1 and 36500, nor the word keep"),
    ("FETCH_PRIVATE_HOSTS", "https://intranet.example.org", "is not a host name, with or without a port"),
    ("FETCH_PRIVATE_HOSTS", "127.0.0.0/8", "is not a host name, with or without a port"),
    ("MEDIA_ROOT", "  ", "is not the path of a folder"),
    ("S3_BUCKET", "my bucket", "is not the name of a bucket"),
    ("S3_ENDPOINT", "s3.example.org", "is not an http(s) address"),
    ("S3_REGION", "eu central", "is not a word"),
    ("S3_PUBLIC_URL", "cdn.example.org", "does not start with https:// or http://"),
    ("S3_ACCESS_KEY", "two words", "holds a space"),
    ("S3_SECRET_KEY", "two words", "holds a space"),
    ("RETENTION_INACTIVE", "never", "is not a whole number between 1 and 36500, nor the word keep"),
]


@pytest.mark.parametrize(("name", "value", "problem"), WRONG)
def test_a_wrong_value_is_named_with_what_is_wrong_and_an_example(name, value, problem):
    said = complaints(**{name: value})
    assert f"{name} ({BY_NAME[name].purpose}) " in said
    assert problem in said
    assert f"Example: {name}={BY_NAME[name].example}" in said
    assert said.count("Example:") == 1


def test_every_variable_has_a_wrong_value_above():
    assert {name for name, _, _ in WRONG} == set(BY_NAME)


def test_several_wrong_values_are_named_at_once():
    said = complaints(PUBLIC_URL="x", TIME_ZONE="x", LOG_LEVEL="x", REDIS_URL="", SECRET_KEY="x")
    named = [line.split()[1] for line in said.splitlines()[1:]]
    assert named == ["REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "TIME_ZONE", "LOG_LEVEL"]


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_the_example_of_a_complaint_is_of_the_kind_that_is_taken(variable):
    if not variable.example.endswith(("characters", "…")):  # those two cannot be copied
        read({**GOOD, "OIDC_CLIENT_ID": "mailer", "OIDC_SECRET": "s", variable.name: variable.example})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mailer:hunter2@db/mailer"),
        ("DATABASE_URL", "postgres://mailer:hunter2%zz@db/mailer"),
        ("DATABASE_URL", "postgres://mailer:hunter2@x@db:y/mailer"),
        ("REDIS_URL", "hunter2@cache:6379"),
        ("REDIS_URL", "redis://:hunter2@cache:port"),
        ("CELERY_BROKER_URL", "hunter2"),
        ("SECRET_KEY", "hunter2"),
        ("PUBLIC_URL", "https://me:hunter2@news.example.org"),
        ("SENDGRID_API_KEY", "SG.hunter2 "),
        ("SENDGRID_HOST", "https://hunter2@api.sendgrid.com"),
        ("SENDGRID_WEBHOOK_KEYS", "hunter2"),
    ],
)
def test_no_complaint_repeats_a_secret(name, value):
    assert "hunter2" not in complaints(**{name: value})


def test_settings_do_not_show_their_secrets_when_printed():
    assert "hunter2" not in repr(read(GOOD))
    assert "SG." not in f"{read(GOOD)}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.1:8000"])
def test_a_public_address_without_tls_is_taken_on_this_machine(host):
    assert read({**GOOD, "PUBLIC_URL": f"http://{host}/"}).public_url == f"http://{host}"


@pytest.mark.parametrize(
    "host", ["news.example.org", "localhost.example.org", "10.0.0.1", "127.0.0.1.example.org"]
)
def test_a_public_address_without_tls_is_refused_elsewhere(host):
    assert "must be https, except on this machine" in complaints(PUBLIC_URL=f"http://{host}")


def test_what_is_given_is_read_as_it_was_meant():
    keys = [public_key(), public_key()]
    found = read(
        {
            **GOOD,
            "CELERY_BROKER_URL": "amqp://queue.example.org//",
            "PUBLIC_URL": "https://news.example.org/",
            "SENDGRID_HOST": "https://api.eu.sendgrid.com/",
            "SENDGRID_WEBHOOK_KEYS": f"{keys[0]}, {keys[1]},",
            "SENDGRID_TIMEOUT": "2.5",
            "SENDGRID_IN_FLIGHT": "8",
            "SENDGRID_RATE": "2000",
            "ALLOWED_HOSTS": "mailer.internal, .example.org,[::1]",
            "PROXIES": "2",
            "TIME_ZONE": "Asia/Singapore",
            "LOG_LEVEL": "debug",
            "DEBUG": "Yes",
            "SECRET_KEY_FALLBACKS": f"{SECRET},{SECRET[::-1]}",
            "RETENTION_EVENTS": "keep",
            "RETENTION_INACTIVE": "730",
            "STAFF_MAIL_FROM": "mailer@example.org",
            "STAFF_SECOND_FACTOR": "yes",
            "OIDC_SERVER": "https://login.example.org/realms/staff/",
            "OIDC_CLIENT_ID": "mailer",
            "OIDC_SECRET": "s3cret",
            "OIDC_NAME": "Example Ltd",
        }
    )
    assert found.celery_broker_url == "amqp://queue.example.org//"
    assert (found.public_url, found.sendgrid_host) == (
        "https://news.example.org",
        "https://api.eu.sendgrid.com",
    )
    assert found.sendgrid_webhook_keys == tuple(keys)
    assert found.allowed_hosts == ("mailer.internal", ".example.org", "[::1]")
    assert (found.sendgrid_timeout, found.time_zone, found.log_level) == (2.5, "Asia/Singapore", "DEBUG")
    assert found.debug
    assert (found.sendgrid_in_flight, found.sendgrid_rate) == (8, 2000)
    assert (found.proxies, read(GOOD).proxies) == (2, 0)
    assert found.secret_key_fallbacks == (SECRET, SECRET[::-1])
    assert (found.retention_events, found.retention_unconfirmed, found.retention_inactive) == (None, 30, 730)
    assert (found.staff_mail_from, found.staff_second_factor) == ("mailer@example.org", True)
    assert (found.oidc_server, found.oidc_client_id, found.oidc_secret, found.oidc_name) == (
        "https://login.example.org/realms/staff",
        "mailer",
        "s3cret",
        "Example Ltd",
    )


def test_a_server_of_openid_connect_wants_what_it_gave_this_site():
    assert "needs OIDC_CLIENT_ID and OIDC_SECRET" in complaints(OIDC_SERVER="https://login.example.org")
    assert (read(GOOD).oidc_server, read(GOOD).staff_second_factor) == (None, False)


def test_events_and_unconfirmed_people_go_after_a_while_unless_something_else_is_said():
    found = read(GOOD)
    assert (found.retention_events, found.retention_unconfirmed, found.retention_inactive) == (400, 30, None)


def test_a_database_url_is_understood_as_libpq_does():
    found = database("postgres://me:p%40ss@db.example.org:6432/news?sslmode=require&connect_timeout=3")
    assert {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "news",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "6432",
    }
    assert found["OPTIONS"] == {"sslmode": "require", "connect_timeout": "3"}
    assert database("postgres://db/news")["OPTIONS"] == {"connect_timeout": 10}
