"""The report of a send in a real browser: on a phone and on a desk, by day and by night, with nothing left out."""

from datetime import timedelta

import pytest
from django.db import connection
from playwright.sync_api import expect

from mailer.delivery.models import Delivery, Edition, Link, Send
from mailer.tracking.models import Click
from mailer.tracking.reports.keep import count_and_keep
from subscribers.models import Segment, Subscriber, Topic
from tests.browser.chromium import PALE_TEXT, staff_page
from tests.tracking.ledger import SENT_AT, Ledger, add_batch, exclude, make_list, make_people, make_send

pytestmark = pytest.mark.django_db(transaction=True)
READABLE = PALE_TEXT.replace(".desk *", "#content *")
OTHER_SCHEME = "document.documentElement.classList.toggle('dark')"
PRINTED = "window.print = () => document.body.dataset.printed = 'yes'"
LONG = "A segment with a very long name " + "w" * 60
WHAT_HAPPENED = """
UPDATE delivery_delivery SET
    delivered_at = CASE WHEN n % 40 > 1 THEN at + interval '1 minute' * (1 + n % 90) END,
    bounced_at = CASE WHEN n % 40 = 0 THEN at END, blocked_at = CASE WHEN n % 40 = 1 THEN at END,
    bounce_class = CASE WHEN n % 40 = 0 THEN 'Invalid Address' WHEN n % 40 = 1 THEN 'Reputation' END,
    opened_at = CASE WHEN n % 40 > 1 AND n % 3 = 0 THEN at + interval '1 minute' * (7 * (n * n % 901)) END,
    opened_with = CASE WHEN n % 40 > 1 AND n % 3 = 0 THEN (ARRAY['Gmail', 'Apple Mail', 'Outlook', NULL])[1 + n / 3 % 4] END,
    opened_on = CASE WHEN n % 40 > 1 AND n % 3 = 0 THEN (ARRAY['phone', 'desktop', 'tablet'])[1 + n / 3 % 3] END,
    machine_opened_at = CASE WHEN n % 4 = 0 THEN at END, machine_rule = CASE WHEN n % 4 = 0 THEN 'flag' END,
    clicked_at = CASE WHEN n % 40 > 1 AND n % 15 = 0 THEN at + interval '1 minute' * (9 * (n % 301)) END,
    machine_clicked_at = CASE WHEN n % 50 = 3 THEN at END,
    complained_at = CASE WHEN n = 77 THEN at END, unsubscribed_at = CASE WHEN n % 97 = 5 THEN at END
FROM (SELECT id, row_number() OVER (ORDER BY id) + %(shift)s AS n, %(at)s::timestamptz AS at FROM subscribers_subscriber) person
WHERE person.id = subscriber_id AND send_id = %(send)s
"""


@pytest.fixture
def send() -> Send:
    """An issue of a newsletter with three before it, about which everything is known."""
    domains = ("gmail.com", "gmail.com", "outlook.com", "a-very-long-name-of-a-department.example.ac.uk")
    people = make_people([f"reader{n}@{domains[n % 4]}" for n in range(400)])
    for n, person in enumerate(people):
        person.language = ("en", "de", "zh-Hans", "")[n % 4]
        person.time_zone = ("Asia/Singapore", "Europe/Berlin", "")[n % 3]
        person.country = ("SG", "DE", "US", "")[n % 4]
    Subscriber.objects.bulk_update(people, ["language", "time_zone", "country"])
    rule = {"version": 1, "field": "country", "is": "SG"}
    Segment.objects.create(slug="singapore", name=LONG, rule=rule, in_reports=True)
    mailing_list = make_list(people)
    sends = [_issue(people, mailing_list, number) for number in range(4)]
    newsletter = sends[0].send.issue.newsletter
    for number, ledger in enumerate(sends):
        ledger.send.issue.newsletter, ledger.send.issue.number = newsletter, 20 + number
        ledger.send.issue.save()
        count_and_keep(ledger.send)
    return sends[-1].send


def _issue(people: list[Subscriber], mailing_list: object, number: int) -> Ledger:
    at = SENT_AT + timedelta(weeks=number)
    ledger = make_send(people[:300], mailing_list=mailing_list, submitted_at=at)  # type: ignore[arg-type]
    for slug, story in zip(("markets", "infrastructure"), ledger.stories, strict=True):
        story.topics.add(Topic.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0])
    edition = Edition.objects.get(send=ledger.send)
    edition.pk, edition.story_ids = None, [ledger.stories[1].pk]
    edition.save()
    add_batch(edition, people[300:], "accepted", at)
    Send.objects.filter(pk=ledger.send.pk).update(candidates=400, started_at=at)
    ledger.send.refresh_from_db()
    exclude(ledger.send, make_people([f"gone{n}.{number}@example.org" for n in range(12)]), "unsubscribed")
    with connection.cursor() as cursor:
        sql = WHAT_HAPPENED.replace("% ", "%% ")
        cursor.execute(sql, {"shift": 7 * number, "at": at, "send": ledger.send.pk})
    clicked = Delivery.objects.filter(send=ledger.send)
    links = list(Link.objects.filter(send=ledger.send))
    for column, rule in (("clicked_at", ""), ("machine_clicked_at", "scanner")):
        pairs = clicked.exclude(**{column: None}).values_list("subscriber_id", column)
        Click.objects.bulk_create(
            Click(link=links[person % 2], subscriber_id=person, at=moment, rule=rule)
            for person, moment in pairs
        )
    return ledger


def test_it_fits_and_reads_well_on_every_screen(live_server, session, send, tmp_path) -> None:
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            with staff_page(live_server.url, session, width, scheme) as page:
                page.goto(f"{live_server.url}/staff/delivery/send/{send.pk}/change/")
                page.get_by_role("link", name="Report", exact=True).click()
                page.get_by_text("All accounted for").wait_for()
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(READABLE) == []
                # It is as dark as the site is, whatever the browser is.
                page.evaluate(OTHER_SCHEME)
                assert page.evaluate(READABLE) == []
                page.evaluate(OTHER_SCHEME)
                for title in ("Topics", "Segments", "Time zones", "Mail programs", "Devices", "Machines"):
                    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
                contents = page.get_by_role("navigation", name="On this page")
                contents.get_by_role("link", name="Devices").click()
                expect(page.get_by_role("heading", name="Devices")).to_be_in_viewport()
                expect(contents).to_be_in_viewport()
                names = page.locator(".rows .name")
                assert min(names.evaluate_all("names => names.map(name => name.offsetWidth)")) >= 110
                page.screenshot(path=tmp_path / f"report-{width}-{scheme}.png", full_page=True)
                page.evaluate(PRINTED)
                page.get_by_role("button", name="Print").click()
                expect(page.locator("body[data-printed]")).to_have_count(1)
                page.emulate_media(media="print")
                # On paper the report stands alone, and what was light on the dark is dark.
                of_the_site = page.locator("#nav-sidebar, #header-inner, .desk, .contents")
                expect(of_the_site.filter(visible=True)).to_have_count(0)
                assert page.evaluate(READABLE) == []
                page.emulate_media(media="screen")
                page.get_by_role("button", name="Count again").click()
                page.get_by_text("All accounted for").wait_for()
                with page.expect_download() as saved:
                    page.get_by_role("link", name="Page to mail").click()
                saved.value.save_as(tmp_path / "report.html")
                page.goto((tmp_path / "report.html").as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                expect(page.get_by_role("button").or_(page.get_by_role("navigation"))).to_have_count(0)
