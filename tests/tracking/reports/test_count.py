"""A report counts what is in the ledger, and adds up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Event as Flag

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from mailer.delivery.models import Batch, Delivery, Edition, Exclusion, Send
from mailer.tracking.models import Click
from mailer.tracking.reports.breakdowns import GROUPS
from mailer.tracking.reports.count import report
from mailer.tracking.reports.figures import Bounce, Count, Group, Rate, Span, Totals
from mailer.tracking.reports.page import render
from subscribers.models import Segment, Subscriber
from subscribers.segments import SegmentError
from subscribers.segments.in_reports import MOST, show_in_reports
from tests.tracking.ledger import SENT_AT, add_batch, exclude, make_list, make_people, make_send
from tests.tracking.reports.sends import fold_these, followed_send, in_terminal


@pytest.mark.django_db
def test_every_candidate_is_in_exactly_one_part_of_the_identity() -> None:
    ledger = make_send(make_people([f"a{n}@example.org" for n in range(5)]))
    edition = Edition.objects.get()
    number = 0
    for state, size in (("waiting", 4), ("submitting", 3), ("unknown", 2), ("rejected", 1)):
        people = make_people([f"{state}{n}@example.org" for n in range(size)])
        add_batch(edition, people, state)
        number += size
    Send.objects.filter(pk=ledger.send.pk).update(candidates=5 + number)
    ledger.send.refresh_from_db()
    exclude(ledger.send, make_people([f"x{n}@example.org" for n in range(6)]), "unsubscribed")
    exclude(ledger.send, make_people(["y@example.org"]), "no_stories")
    # One recipient was named by SendGrid and taken out of its batch.
    Batch.objects.filter(pk=ledger.batch.pk).update(subscriber_ids=[p.pk for p in ledger.subscribers[1:]])
    Delivery.objects.filter(subscriber=ledger.subscribers[0]).update(rejected_because="bad address")
    figures = report(ledger.send)
    now = figures.identity
    assert (now.candidates, now.excluded, now.waiting, now.in_flight) == (22, 7, 7, 3)
    assert (now.accepted, now.rejected, now.unknown) == (4, 2, 2)
    assert figures.adds_up
    assert figures.excluded == (Count("left the list", 6), Count("no story on the topics chosen", 1))
    assert figures.rejections == (Count("bad address", 1),)
    sums = (
        "22 candidates = 7 excluded + 7 waiting (of them 3 in flight) + 4 accepted + 2 rejected + 2 unknown"
    )
    assert sums in render(figures)
    assert sums in " ".join(in_terminal(ledger.send).split())


@pytest.mark.django_db
def test_a_report_that_does_not_add_up_says_so() -> None:
    ledger = make_send(3)
    Send.objects.filter(pk=ledger.send.pk).update(candidates=4)
    figures = report(ledger.send)
    assert not figures.adds_up
    assert "Does not add up" in render(figures)
    assert "does NOT add up" in in_terminal(ledger.send)


@pytest.mark.django_db
def test_each_figure_counts_people_once() -> None:
    figures = report(followed_send().send)
    totals = figures.totals
    assert (totals.delivered, totals.deferred, totals.silent) == (7, 1, 0)
    assert (totals.hard, totals.blocked, totals.bounced, totals.dropped) == (1, 1, 2, 1)
    assert (totals.opened, totals.machine_opened, totals.clicked, totals.opened_and_clicked) == (4, 2, 2, 2)
    assert (totals.complained, totals.unsubscribed) == (1, 1)
    assert figures.bounces == (
        Bounce(True, "Invalid Address", 1, (Count("gmail.com", 1),)),
        Bounce(False, "Reputation", 1, (Count("gmail.com", 1),)),
    )
    assert figures.drops == (Count("Spam Content", 1),)


@pytest.mark.django_db
def test_rates_are_shares_of_what_they_say() -> None:
    rates = {rate.name: rate for rate in report(followed_send().send).rates}
    assert rates["Delivered"].share == 7 / 10
    assert rates["Opened"].share == 4 / 7
    assert rates["Clicked"].share == 2 / 7
    assert rates["Click-to-open"].share == 2 / 4
    assert rates["Bounced"].share == 2 / 10
    assert rates["Opened"].of == "delivered"
    assert Rate("opened", "Opened", 0, 0, "delivered").share is None


@pytest.mark.django_db
def test_clicks_are_counted_by_link_and_by_story() -> None:
    figures = report(followed_send().send)
    links = [(link.url, link.story, link.people) for link in figures.links]
    assert links == [
        ("https://example.org/tea", "Tea prices rise", 2),
        ("https://example.org/bridge", "A new bridge", 1),
    ]
    stories = [(story.headline, story.received, story.people) for story in figures.stories]
    assert stories == [("Tea prices rise", 10, 2), ("A new bridge", 10, 1)]


@pytest.mark.django_db
def test_first_times_are_counted_by_hour_and_by_day_since_the_first_request() -> None:
    ledger = followed_send()
    fold_these([ledger.event("open", 8, 26 * 3600), ledger.event("open", 9, 100 * 3600)])
    figures = report(ledger.send)
    assert figures.hours == (Span(0, 7, 0, 0), Span(1, 0, 4, 0), Span(2, 0, 0, 2), Span(26, 0, 1, 0))
    assert figures.days == (Span(0, 7, 4, 2), Span(1, 0, 1, 0), Span(4, 0, 1, 0))


@pytest.mark.django_db
def test_an_event_from_a_clock_behind_ours_belongs_to_the_first_hour() -> None:
    ledger = make_send(1)
    fold_these([ledger.event("delivered", after=-7200)])
    assert report(ledger.send).hours == (Span(0, 1, 0, 0),)


@pytest.mark.django_db
def test_receiving_domains_are_named_by_size_and_the_rest_is_added_up() -> None:
    domains = report(followed_send().send).by("domain")
    shown = [
        (group.name, group.totals.sent, group.totals.bounced, group.totals.clicked) for group in domains.all
    ]
    assert shown == [("gmail.com", 6, 2, 2), ("example.org", 4, 0, 0)]
    many = make_send(make_people([f"r@d{n:02}.example" for n in range(GROUPS + 3)] + ["s@D30.Example"]))
    domains = report(many.send).by("domain")
    assert domains.groups[0] == Group("d30.example", Totals(sent=2, silent=2))
    assert len(domains.groups) == GROUPS
    assert domains.rest == Group("3 other domains", Totals(sent=3, silent=3))


@pytest.mark.django_db
def test_editions_name_their_stories_and_recipients() -> None:
    ledger = make_send(3)
    edition = Edition.objects.create(
        send=ledger.send,
        story_ids=[ledger.stories[1].pk],
        language="en",
        subject="",
        html="",
        text="",
        tags=[],
    )
    add_batch(edition, make_people(["one@example.org"]), "waiting")
    editions = report(ledger.send).by("edition").groups
    assert [(group.name, group.recipients, group.totals.sent) for group in editions] == [
        ("stories 1 · 2", 3, 3),
        ("stories 2", 1, 0),
    ]


@pytest.mark.django_db
def test_people_are_counted_by_language_and_by_the_zone_that_sends_at_local_time_take() -> None:
    ledger = make_send(4)
    for person, language, zone, country in zip(
        ledger.subscribers,
        ("de", "de", "", "en"),
        ("Europe/Berlin", "", "nowhere", ""),
        ("", "DE", "SG", ""),
        strict=True,
    ):
        Subscriber.objects.filter(pk=person.pk).update(language=language, time_zone=zone, country=country)
    figures = report(ledger.send)
    languages = {group.name: group.totals.sent for group in figures.by("language").groups}
    zones = {group.name: group.totals.sent for group in figures.by("zone").groups}
    assert languages == {"de": 2, "en": 1, "none asked for": 1}
    assert zones == {"Europe/Berlin": 2, "Asia/Singapore": 1, "UTC": 1}


@pytest.mark.django_db
def test_who_opened_is_counted_by_mail_program_and_device() -> None:
    ledger = followed_send()
    for who, program, device in ((3, "Gmail", "phone"), (4, "Gmail", None), (5, None, None)):
        Delivery.objects.filter(send=ledger.send, subscriber=ledger.subscribers[who]).update(
            opened_with=program, opened_on=device
        )
    figures = report(ledger.send)
    programs = [
        (group.name, group.totals.opened, group.totals.opened_and_clicked)
        for group in figures.by("program").all
    ]
    devices = [(group.name, group.totals.opened) for group in figures.by("device").all]
    assert programs == [("Gmail", 2, 2), ("not known", 2, 0)]
    assert devices == [("not known", 3), ("phone", 1)]


@pytest.mark.django_db
def test_machines_are_counted_by_the_rule_that_tells_them_from_people() -> None:
    ledger = followed_send()
    Click.objects.filter(subscriber=ledger.subscribers[4]).update(rule="scanner")
    machines = report(ledger.send).machines
    assert [(each.act, each.rule, each.people) for each in machines] == [
        ("opened", "flag", 2),
        ("clicked", "scanner", 1),
    ]
    assert all(each.says for each in machines)


@pytest.mark.django_db
def test_segments_that_reports_show_have_the_people_who_are_in_them_now() -> None:
    ledger = followed_send()
    rule = {"version": 1, "field": "domain", "is": "gmail.com"}
    Segment.objects.create(slug="gmail", name="At Gmail", rule=rule, in_reports=True)
    Segment.objects.create(slug="hidden", name="Hidden", rule=rule)
    gone = {"version": 1, "segment": "gone"}
    Segment.objects.create(slug="broken", name="Broken", rule=gone, in_reports=True)
    segments = report(ledger.send).by("segment")
    (group,) = segments.groups
    assert (group.name, group.totals.sent, group.totals.delivered, group.totals.opened) == (
        "At Gmail",
        6,
        3,
        3,
    )
    assert "Broken" in segments.says
    assert "now" in segments.says


@pytest.mark.django_db
def test_reports_show_ten_segments_and_no_more() -> None:
    rule = {"version": 1, "field": "country", "is": "SG"}
    segments = [Segment.objects.create(slug=f"s{n:02}", name=f"S{n}", rule=rule) for n in range(MOST + 1)]
    for segment in segments[:-1]:
        show_in_reports(segment, True)
    with pytest.raises(SegmentError, match="10 segments already"):
        show_in_reports(segments[-1], True)
    show_in_reports(segments[0], True)
    call_command("segment", "in-reports", "s00", "--not", stdout=StringIO())
    call_command("segment", "in-reports", segments[-1].slug, stdout=StringIO())
    with pytest.raises(CommandError, match="10 segments already"):
        call_command("segment", "in-reports", "s00", stdout=StringIO())
    assert Segment.objects.filter(in_reports=True).count() == MOST


@pytest.mark.django_db
def test_figures_of_one_send_are_not_those_of_another() -> None:
    people = make_people([f"reader{n}@example.org" for n in range(3)])
    shared = make_list(people)
    first = make_send(people, mailing_list=shared)
    second = make_send(people, mailing_list=shared, submitted_at=SENT_AT + timedelta(weeks=1))
    fold_these([first.event("click", after=900, url=first.links[0].url), first.event("delivered")])
    assert report(first.send).totals.clicked == 1
    figures = report(second.send)
    assert (figures.totals.clicked, figures.totals.delivered, figures.hours) == (0, 0, ())
    assert [link.people for link in figures.links] == [0, 0]


@pytest.mark.django_db
def test_a_send_that_is_not_planned_has_a_report_too() -> None:
    ledger = make_send(1)
    bare = Send.objects.create(
        issue=ledger.send.issue, mailing_list=ledger.send.mailing_list, previous=ledger.send
    )
    assert "not planned yet" in render(report(bare))
    assert "not planned yet" in in_terminal(bare)


@pytest.mark.django_db(transaction=True)
def test_a_report_adds_up_at_every_moment_of_a_send() -> None:
    ledger = make_send(200, state="waiting")
    done = Flag()

    def deliver() -> None:
        """Everybody in turn is moved between the parts, each move a transaction, as the claim does it."""
        try:
            ids = [person.pk for person in ledger.subscribers]
            for turn, person in enumerate(list(ids)):
                with transaction.atomic():
                    ids.remove(person)
                    state = ("waiting", "accepted")[turn % 2] if ids else "rejected"
                    Batch.objects.filter(pk=ledger.batch.pk).update(
                        subscriber_ids=ids, state=state, submission_id=ledger.submission.pk
                    )
                    Delivery.objects.filter(send=ledger.send, subscriber_id=person).delete()
                    Exclusion.objects.create(send=ledger.send, subscriber_id=person, reason="unsubscribed")
        finally:
            done.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(deliver)
        taken = [report(ledger.send)]
        while not done.is_set():
            taken.append(report(ledger.send))
        moving.result()
    assert all(figures.adds_up for figures in taken)
    assert len({figures.identity.excluded for figures in taken}) > 2
