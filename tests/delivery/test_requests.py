"""What goes out for a recipient: few values, and the mail that comes of them is the one that was built."""

import re

import pytest
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.editions import edition_of
from mailer.delivery.links import links_of
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.requests import SUBSCRIBER_FIELDS, compiled_edition
from mailer.delivery.start import send_of
from mailer.delivery.submit import submit
from mailer.issues.builder.personalise import personalise
from mailer.issues.models import Newsletter, Theme
from subscribers.models import Subscriber
from tests.inbox import Inbox
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db

PEOPLE = (
    {"first_name": "", "last_name": ""},
    {"first_name": "梅", "last_name": "O'Hara & \"Söhne\"", "attributes": {"plan": "gold"}},
    {"first_name": '</p><a href="https://evil.example/">', "last_name": "\\ %s {{ x }} ,\"", "time_zone": "Asia/Singapore"},
    {"first_name": "Zoë 👩‍👩‍👧", "last_name": "a" * 200, "attributes": {"plan": None, "list": [1]}},
)  # fmt: skip
EVERYWHERE = {
    "subject": '{{ subscriber.first_name or "Hello" }} {{ subscriber.plan|upper or "" }}, your week',
    "intro": "Dear {{ subscriber.first_name|title }} {{ subscriber.last_name }} of {{ subscriber.time_zone or 'x' }},\n\n"
    "[leave]({{ links.unsubscribe }}), {{ links.preferences }}, [look]({{ links.view }} 'again')",
    "outro": "[tell](https://www.example.com/?mail={{ links.view }}&to={{ subscriber.email }}) "
    "{{ links.view if subscriber.plan else 'no view' }}",
    "call_to_action_label": "Go, {{ subscriber.first_name or 'you' }}",
    "call_to_action_link": "{{ links.preferences }}",
}


def planned(theme: str = Theme.DIGEST, **fields: object) -> Send:
    """A started send of one batch to people with all sorts of names."""
    issue = make_issue(("ai",), **fields)
    Newsletter.objects.update(theme=theme)
    addresses = [f"reader{n}@example.org" for n in range(len(PEOPLE))]
    for person, values in zip(subscribe(issue.newsletter.mailing_list, *addresses), PEOPLE, strict=True):
        Subscriber.objects.filter(pk=person.pk).update(**values)
    send = send_of(issue)
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    return send


@pytest.mark.parametrize("theme", Theme.values)
@pytest.mark.parametrize("fields", [{}, EVERYWHERE], ids=["usual", "everywhere"])
def test_the_mail_is_the_edition_as_it_was_built_byte_for_byte(
    inbox: Inbox, theme: str, fields: dict[str, str]
) -> None:
    send = planned(theme, **fields)
    batch = Batch.objects.select_related("edition").get(send=send)
    assert submit(batch.pk)
    messages = {message["to"]: message for message in inbox.messages(full=True)}
    assert len(messages) == len(PEOPLE)
    links = links_of(send.mailing_list_id, send.pk)
    for person in Subscriber.objects.filter(pk__in=batch.subscriber_ids):
        values = {name: getattr(person, name) for name in (*SUBSCRIBER_FIELDS, "attributes")}
        mail = personalise(edition_of(batch.edition), {"subscriber": values, "links": links(person.pk)})
        message = messages[person.email]
        assert (message["subject"], message["html"], message["text"]) == (mail.subject, mail.html, mail.text)
        assert message["headers"]["List-Unsubscribe"] == f"<{links(person.pk)['unsubscribe']}>"
        assert message["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_no_link_of_a_reader_is_tracked_and_all_others_are(inbox: Inbox) -> None:
    send = planned(**EVERYWHERE)
    submit(Batch.objects.get(send=send).pk)
    for message in inbox.messages(full=True):
        assert "https://www.example.com/ai" in message["links"]
        assert [link for link in message["links"] if "?mail=http" in link]
        assert not [link for link in message["links"] if re.search(r"/[upv]/[\w-]{40}$", link)]


def test_a_recipient_has_two_short_values_for_all_links_together() -> None:
    send = planned()
    batch = Batch.objects.get(send=send)
    claimed = claim(batch.pk)
    assert claimed is not None
    edition = compiled_edition(batch.edition_id)
    keys = sorted(edition.keys.values())
    for key in keys:
        assert claimed.body.count(f'"{key}":"'.encode()) == len(PEOPLE)
        assert len(re.findall(rf'"{key}":"[\w-]{{40}}"'.encode(), claimed.body)) == len(PEOPLE)
        assert key.encode() in edition.message.shared
    assert len(keys) == 2
    # Keys of the other links are gone, from the edition as from the values.
    left = {tag["key"] for tag in batch.edition.tags if tag["expression"].startswith("links.")} - set(keys)
    assert len(left) == 4
    assert not [key for key in left if key.encode() in claimed.body]


@pytest.mark.parametrize(
    ("intro", "fields"),
    [
        ("Dear all,", ["email", "first_name", "last_name"]),
        ("{{ subscriber.country }}", ["email", "first_name", "last_name", "country"]),
        (
            "{{ subscriber.language ~ subscriber.plan }}",
            ["email", "first_name", "last_name", "language", "attributes"],
        ),
    ],
)
def test_only_what_the_tags_name_is_read_of_a_subscriber(intro: str, fields: list[str]) -> None:
    send = planned(intro=intro)
    assert compiled_edition(Batch.objects.get(send=send).edition_id).fields == fields
