"""A site that has been worked with for a while, to look at each of its pages with something on it."""

from datetime import timedelta

from django.db import connection

from mailer.delivery.models import Link, Send, TestList
from mailer.issues.editing.document import as_json
from mailer.issues.editing.rows import document_of
from mailer.issues.models import Issue, Newsletter, Story, Version
from mailer.local.sample_issue import write_issue, write_newsletter
from mailer.staff.audit import record
from mailer.tracking.newsletter.keep import count_and_keep as count_newsletter
from mailer.tracking.reports.keep import count_and_keep
from subscribers.models import MailingList, Subscriber, Topic
from subscribers.segments.saving import save
from subscribers.sign_up.wording import reword
from tests.newsroom import crowd
from tests.roles import somebody
from tests.staff.access.world import World, make_world
from tests.tracking.sent import SENT_AT, Click, fold_clicks, sent

READERS = 120
WHAT_HAPPENED = """
UPDATE delivery_delivery SET
    delivered_at = CASE WHEN n % 20 > 1 THEN at + interval '1 minute' * (1 + n % 9) END,
    bounced_at = CASE WHEN n % 20 = 0 THEN at END, bounce_class = CASE WHEN n % 20 = 0 THEN 'Invalid Address' END,
    opened_at = CASE WHEN n % 20 > 1 AND n % 3 = 0 THEN at + interval '1 minute' * (7 * (n * n % 301)) END,
    opened_with = CASE WHEN n % 20 > 1 AND n % 3 = 0 THEN (ARRAY['Gmail', 'Apple Mail', 'Outlook'])[1 + n / 3 % 3] END,
    opened_on = CASE WHEN n % 20 > 1 AND n % 3 = 0 THEN (ARRAY['phone', 'desktop', 'tablet'])[1 + n / 3 % 3] END,
    machine_opened_at = CASE WHEN n % 4 = 0 THEN at END, machine_rule = CASE WHEN n % 4 = 0 THEN 'flag' END,
    unsubscribed_at = CASE WHEN n % 47 = 5 THEN at END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n, %s::timestamptz AS at FROM subscribers_subscriber) person
WHERE person.id = subscriber_id AND send_id = %s
"""
"""Deliveries, opens and machines of a send, by the number of the reader."""


def lived_in() -> World:
    """What the addresses of tests/staff/access/areas.py are about, by the names that they use: the sample newsletter with
    issues that went out, one that is written, and one of everything else."""
    world = make_world("ours")
    newsletter = write_newsletter()
    newsletter.needs_approval, newsletter.archive = True, True
    newsletter.save()
    mailing_list = newsletter.mailing_list
    _open_the_form(mailing_list)
    _readers(mailing_list)
    for week in range(3):
        send = _went_out(write_issue(newsletter), week)
    issue = write_issue(newsletter)
    _beside(newsletter, issue)
    count_newsletter(newsletter)
    return world | {
        "newsletter": newsletter,
        "mailing_list": mailing_list,
        "issue": issue,
        "send": send,
        "subscriber": Subscriber.objects.filter(subscriptions__mailing_list=mailing_list).earliest("id"),
    }


def _open_the_form(mailing_list: MailingList) -> None:
    mailing_list.sign_up_open = True
    mailing_list.sign_up_asks = ["name", "topics", "cadence", "language"]
    mailing_list.save()
    reword(mailing_list, "I want the digest by email.\n\nI can leave at any time, by the link in every mail.")


def _readers(mailing_list: MailingList) -> None:
    topics = list(Topic.objects.filter(stories=None).values_list("slug", flat=True)[:2])
    people = crowd(mailing_list, READERS, first_name="Mei") + crowd(mailing_list, 20, topics=topics)
    crowd(mailing_list, 5, state="unsubscribed")
    for n, person in enumerate(people):
        person.language = ("en", "de", "zh-Hans", "")[n % 4]
        person.time_zone = ("Asia/Singapore", "Europe/Berlin", "")[n % 3]
        person.country = ("SG", "DE", "US", "")[n % 4]
        person.attributes = {"plan": ("gold", "free")[n % 2]}
    Subscriber.objects.bulk_update(people, ["language", "time_zone", "country", "attributes"])
    save("singapore", {"version": 1, "field": "country", "is": "SG"}, name="Singapore")
    save("gold", {"version": 1, "attribute": "plan", "type": "text", "is": "gold"}, name="Gold")


def _went_out(issue: Issue, week: int) -> Send:
    """A send of an issue that everybody got, some opened, and a few clicked."""
    send = sent(issue)
    Send.objects.filter(pk=send.pk).update(started_at=SENT_AT + timedelta(weeks=week))
    with connection.cursor() as cursor:
        cursor.execute(WHAT_HAPPENED.replace("% ", "%% "), [SENT_AT, send.pk])
    people = send.deliveries.order_by("pk").values_list("subscriber_id", flat=True)
    links = Link.objects.filter(send=send).order_by("pk").values_list("url", flat=True)
    fold_clicks(send, *(Click(people[n], links[n % 3]) for n in range(3, 24, 3)))
    send.refresh_from_db()
    count_and_keep(send)
    return send


def _beside(newsletter: Newsletter, issue: Issue) -> None:
    """What waits, and what people did."""
    editor = somebody("editor", at=newsletter, username="edith")
    Story.objects.create(
        newsletter=newsletter,
        headline="A train to Laos",
        body="It goes.",
        link="https://www.example.com/laos",
    )
    TestList.objects.create(
        newsletter=newsletter, name="The desk", addresses=["anna@example.org", "ben@example.org"]
    )
    Version.objects.create(issue=issue, revision=1, content=as_json(document_of(issue)))
    record(editor, issue, "Edited the issue.")
