"""Baseline: the stock `sendgrid` client with `Mail` helper objects, as its documentation shows."""

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Content, CustomArg, Email, Header, Mail, Personalization, Substitution, To

from mailer.emulator.config import LOCAL_API_KEY
from tests.bench.baselines import Edition, Send, person


def sender(host: str, edition: Edition) -> Send:
    """See baselines.py."""
    client = SendGridAPIClient(LOCAL_API_KEY, host=host)

    def send(people: range) -> None:
        mail = Mail(from_email=Email("weekly@news.example.com", "The Weekly"), subject=edition.subject)
        mail.add_content(Content("text/plain", edition.text))
        mail.add_content(Content("text/html", edition.html))
        for reader in map(person, people):
            own = Personalization()
            own.add_to(To(reader.email, reader.name))
            for key in edition.keys:
                own.add_substitution(Substitution(key, reader.link))
            own.add_header(Header("List-Unsubscribe", f"<{reader.link}>"))
            own.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
            own.add_custom_arg(CustomArg("subscriber", str(reader.number)))
            mail.add_personalization(own)
        answer = client.send(mail)
        assert answer.status_code == 202, answer.body

    return send
