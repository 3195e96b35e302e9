"""What the checks look at: the settings, the newsletters, and the ways to SendGrid and to DNS."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from mailer.config.check import LOOPBACK
from mailer.config.environment import Environment
from mailer.doctor.account import Account
from mailer.doctor.resolver import Resolver
from mailer.issues.models import Newsletter

SHORTEST_SECRET = 6
"""Characters. What is shorter would blank parts of ordinary words."""
LONGEST = 600
"""Characters of what a check says: DNS and SendGrid answer with whatever somebody wrote there."""


@dataclass(frozen=True)
class Sender:
    """A newsletter, as far as mail servers see it."""

    slug: str
    from_name: str
    from_email: str
    reply_to: str

    @property
    def domain(self) -> str:
        """Of the From address, in lower case."""
        return self.from_email.rpartition("@")[2].lower().rstrip(".")

    @property
    def replies(self) -> str:
        """The domain that answers go to, in lower case."""
        return (self.reply_to or self.from_email).rpartition("@")[2].lower().rstrip(".")


@dataclass(frozen=True)
class Installation:
    """`senders` is None where the database did not tell them."""

    environment: Environment
    senders: tuple[Sender, ...] | None
    account: Account
    resolver: Resolver

    @property
    def emulated(self) -> bool:
        """Whether an emulator on this machine stands in for SendGrid."""
        return urlsplit(self.environment.sendgrid_host).hostname in LOOPBACK

    @property
    def trial(self) -> bool:
        """Whether nobody but this machine reaches the site: it is being tried out."""
        return urlsplit(self.environment.public_url).hostname in LOOPBACK

    def printable(self, text: str) -> str:
        """The text as it may be shown: on one line, without control characters and without a secret of ours."""
        for secret in self._secrets():
            text = text.replace(secret, "<hidden>")
        line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"

    def _secrets(self) -> Iterable[str]:
        environment = self.environment
        queues = (environment.redis_url, environment.celery_broker_url)
        passwords = [conninfo_to_dict(environment.database_url).get("password")]
        passwords += [urlsplit(url).password for url in queues]
        keys = [environment.sendgrid_api_key, environment.secret_key, environment.metrics_token]
        keys += environment.secret_key_fallbacks
        return [
            str(secret) for secret in (*keys, *passwords) if secret and len(str(secret)) >= SHORTEST_SECRET
        ]


def look_around(newsletters: Iterable[Newsletter] | None) -> Installation:
    """The installation that this process's settings speak of, with these newsletters; None: nobody knows which."""
    environment = settings.ENVIRONMENT
    known = (
        None
        if newsletters is None
        else tuple(Sender(each.slug, each.from_name, each.from_email, each.reply_to) for each in newsletters)
    )
    account = Account(environment.sendgrid_api_key, environment.sendgrid_host)
    return Installation(environment, known, account, Resolver(environment.dns_server))
