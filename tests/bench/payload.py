"""How long the JSON of a batch takes: `python -m tests.bench.payload`.

Microseconds per recipient, 1,000 recipients a request, three substitutions, two headers and one custom arg each,
best of several rounds: our body(), and with the check for SendGrid's limits; a plain dict through orjson and through
json; pieces escaped one by one and joined; the sendgrid package's Mail objects through json, as its own client does.
"""

import json
import timeit
from collections.abc import Callable
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from sendgrid.helpers import mail

from mailer.sendgrid.payload import Message, RecipientPart, body, compile_message
from mailer.sendgrid.screen import unsendable

ROUNDS = 5
COUNT = 1000
NAMES = ("Ann", "José Ñúñez", "王小明", "Zoë O'Neil")

MESSAGE = Message(
    from_email="news@example.org",
    from_name="The News",
    subject="This week, {{s1}}",
    text="Hello {{t1}}\n" * 300,
    html="<p>Hello {{h1}}</p>\n" * 2000,
    categories=("weekly",),
    headers={"List-Id": "<weekly.example.org>"},
    custom_args={"m_edition": "5"},
)
SUBMISSION = {"m_submission": "0192f0c1"}


def recipient(number: int) -> RecipientPart:
    name, token = NAMES[number % len(NAMES)], f"{number:032x}"
    return RecipientPart(
        f"person{number}@example.com",
        name,
        [("{{h1}}", name), ("{{t1}}", name), ("{{s1}}", token)],
        {"m_delivery": str(number)},
        {
            "List-Unsubscribe": f"<https://news.example.org/u/{token}>, <mailto:unsubscribe+{token}@example.org>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def as_dict(recipients: list[RecipientPart]) -> dict[str, Any]:
    return {
        "from": {"email": MESSAGE.from_email, "name": MESSAGE.from_name},
        "subject": MESSAGE.subject,
        "content": [
            {"type": "text/plain", "value": MESSAGE.text},
            {"type": "text/html", "value": MESSAGE.html},
        ],
        "categories": list(MESSAGE.categories),
        "headers": dict(MESSAGE.headers),
        "tracking_settings": {
            "click_tracking": {"enable": True, "enable_text": False},
            "open_tracking": {"enable": True},
            "subscription_tracking": {"enable": False},
        },
        "custom_args": {**MESSAGE.custom_args, **SUBMISSION},
        "personalizations": [
            {
                "to": [{"email": each.email, "name": each.name}],
                "substitutions": dict(each.substitutions),
                "custom_args": dict(each.custom_args),
                "headers": dict(each.headers),
            }
            for each in recipients
        ],
    }


def by_pieces(recipients: list[RecipientPart]) -> bytes:
    dumps = orjson.dumps

    def pairs(items: Any) -> bytes:
        return b",".join([dumps(key) + b":" + dumps(value) for key, value in items])

    parts = [
        b"".join(
            (
                b'{"to":[{"email":',
                dumps(each.email),
                b',"name":',
                dumps(each.name),
                b'}],"substitutions":{',
                pairs(each.substitutions),
                b'},"custom_args":{',
                pairs(each.custom_args.items()),
                b'},"headers":{',
                pairs(each.headers.items()),
                b"}}",
            )
        )
        for each in recipients
    ]
    return b'{"personalizations":[' + b",".join(parts) + b"]}"


def as_mail(recipients: list[RecipientPart]) -> Any:
    message = mail.Mail(
        from_email=mail.From(MESSAGE.from_email, MESSAGE.from_name),
        subject=MESSAGE.subject,
        plain_text_content=MESSAGE.text,
        html_content=MESSAGE.html,
    )
    message.category = [mail.Category(each) for each in MESSAGE.categories]
    message.header = [mail.Header(*pair) for pair in MESSAGE.headers.items()]
    message.custom_arg = [mail.CustomArg(*pair) for pair in {**MESSAGE.custom_args, **SUBMISSION}.items()]
    tracking = mail.TrackingSettings()
    tracking.click_tracking = mail.ClickTracking(True, False)
    tracking.open_tracking = mail.OpenTracking(True)
    tracking.subscription_tracking = mail.SubscriptionTracking(False)
    message.tracking_settings = tracking
    for each in recipients:
        personalization = mail.Personalization()
        personalization.add_to(mail.To(each.email, each.name))
        for key, value in each.substitutions:
            personalization.add_substitution(mail.Substitution(key, value))
        for key, value in each.custom_args.items():
            personalization.add_custom_arg(mail.CustomArg(key, value))
        for key, value in each.headers.items():
            personalization.add_header(mail.Header(key, value))
        message.add_personalization(personalization)
    return message.get()


def main() -> None:
    recipients = [recipient(number) for number in range(COUNT)]
    compiled = compile_message(MESSAGE)
    ours = orjson.loads(body(compiled, recipients, SUBMISSION))
    theirs = as_mail(recipients)
    theirs["personalizations"].reverse()  # Mail.get() writes them last first
    if not ours == as_dict(recipients) == theirs:
        raise SystemExit("the ways do not build the same request")
    ways: dict[str, Callable[[], object]] = {
        "body()": lambda: body(compiled, recipients, SUBMISSION),
        "unsendable() + body()": lambda: (
            unsendable(compiled, recipients, SUBMISSION),
            body(compiled, recipients, SUBMISSION),
        ),
        "plain dict, orjson": lambda: orjson.dumps(as_dict(recipients)),
        "escaped pieces, joined": lambda: by_pieces(recipients),
        "plain dict, json": lambda: json.dumps(as_dict(recipients)).encode(),
        "sendgrid Mail objects, json": lambda: json.dumps(as_mail(recipients)).encode(),
    }
    table = Table("way", "µs per recipient", "times body()", title=f"One request of {COUNT} recipients")
    base = 0.0
    for name, way in ways.items():
        best = min(timeit.repeat(way, number=2, repeat=ROUNDS)) / 2 / COUNT * 1e6
        base = base or best
        table.add_row(name, f"{best:.2f}", f"{best / base:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
