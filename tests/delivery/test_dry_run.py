"""What a send comes to, told before it goes out: the dry run, which writes nothing."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from mailer.delivery.claim import reject_deliveries
from mailer.delivery.forecast.dry_run import undone
from mailer.delivery.models import Batch, Exclusion, Send
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule
from mailer.delivery.start import again, discard, send_of, start
from mailer.delivery.steer import cancel
from mailer.delivery.variants import ABTest
from subscribers.models import Subscriber, Subscription, Suppression, Topic
from tests.delivery.dry_runs import foresee
from tests.delivery.settled import become
from tests.newsroom import crowd, make_issue, next_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db
EIGHT = datetime(2037, 1, 5, 8, 0)


def told(reasons):
    return {reason.reason: reason.people for reason in reasons}


def send_out(send):
    """Plan a send, and let it have gone out."""
    plan(send)
    start(send)
    become(send.batches, "accepted")
    return send


def live(where, *addresses):
    """Let people live in a time zone, or in a country."""
    field = "country" if len(where) == 2 else "time_zone"
    Subscriber.objects.filter(email__in=addresses).update(**{field: where})


def check(send):
    """The forecast, which must be the same before the plan and after it, and what the ledger says."""
    before = foresee(send)
    plan(send)
    after = foresee(send)
    assert before.send is None
    assert before.planned_at is None
    assert after.send == send.pk
    assert replace(after, send=None, planned_at=None, until=None) == replace(before, until=None)
    assert after.candidates == send.candidates
    assert after.recipients == len(planned_for(send))
    for reason, people in told(after.excluded).items():
        assert people == Exclusion.objects.filter(send=send, reason=reason).count()
    assert after.candidates == after.recipients + sum(reason.people for reason in after.excluded)
    assert sum(edition.people for edition in after.editions) == after.recipients
    assert sum(zone.people for zone in after.zones) == after.recipients
    assert sum(domain.people for domain in after.domains) + after.other_domain_people == after.recipients
    return before


class TestWhoGetsIt:
    def test_every_reason_has_its_count(self):
        issue = make_issue()
        mailing_list = issue.newsletter.mailing_list
        crowd(mailing_list, 4)
        crowd(mailing_list, 2, state="pending")
        crowd(mailing_list, 3, state="unsubscribed")
        Topic.objects.create(slug="chess", name="Chess")
        crowd(mailing_list, 2, topics=["chess"])
        for number, reason in enumerate(("complaint", "bounce", "invalid", "unsubscribe", "manual"), 1):
            for person in crowd(mailing_list, number):
                Suppression.objects.create(address=person.email, reason=reason)
        paused = [person.pk for person in crowd(mailing_list, 2)]
        until = timezone.now().date() + timedelta(days=9)
        Subscription.objects.filter(subscriber__in=paused).update(paused_until=until)
        found = check(send_of(issue))
        assert (found.candidates, found.recipients) == (28, 4)
        assert told(found.excluded) == {
            "complaint": 1,
            "bounce": 2,
            "invalid": 3,
            "unsubscribed_everywhere": 4,
            "suppressed": 5,
            "unconfirmed": 2,
            "unsubscribed": 3,
            "paused": 2,
            "no_stories": 2,
        }
        assert {reason.words for reason in found.excluded} >= {"left the list", "address is invalid"}

    def test_who_has_it_already_is_left_out_of_a_further_send(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 3)
        send_out(send_of(issue))
        crowd(issue.newsletter.mailing_list, 2)
        found = check(again(issue))
        assert found.recipients == 2
        assert told(found.excluded) == {"already": 3}

    def test_editions_are_told_by_their_headlines_the_largest_first(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 2)
        crowd(issue.newsletter.mailing_list, 3, topics=["ai", "travel"])
        crowd(issue.newsletter.mailing_list, 1, topics=["policy"])
        found = check(send_of(issue))
        assert [(edition.number, edition.headlines, edition.people) for edition in found.editions] == [
            (1, ("News about ai", "News about travel"), 3),
            (2, ("News about ai", "News about policy", "News about travel"), 2),
            (3, ("News about policy",), 1),
        ]

    def test_the_twenty_largest_receiving_domains_and_the_rest(self):
        issue = make_issue()
        for n in range(23):
            addresses = [f"reader{k}@Firm{n}.example" for k in range(1 + (n < 3))]
            subscribe(issue.newsletter.mailing_list, *addresses)
        found = check(send_of(issue))
        assert [(domain.domain, domain.people) for domain in found.domains[:4]] == [
            ("firm0.example", 2),
            ("firm1.example", 2),
            ("firm2.example", 2),
            ("firm10.example", 1),
        ]
        assert len(found.domains) == 20
        assert (found.other_domains, found.other_domain_people) == (3, 3)

    def test_an_ab_test_is_told_by_its_variants_and_those_who_get_the_winner(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 200)
        found = check(send_of(issue, test=ABTest((("Other", ""), ("", "Below")), share=60)))
        assert [(variant.number, variant.subject, variant.preheader) for variant in found.variants] == [
            (0, issue.subject, issue.preheader),
            (1, "Other", issue.preheader),
            (2, issue.subject, "Below"),
        ]
        assert all(variant.people for variant in found.variants)
        assert found.untested == 200 - sum(variant.people for variant in found.variants) > 0
        assert [edition.people for edition in found.editions] == [200]

    def test_a_finding_that_blocks_is_shown_not_raised(self):
        issue = make_issue(subject="")
        crowd(issue.newsletter.mailing_list, 2)
        found = foresee(send_of(issue))
        assert found.recipients == 2
        assert [finding.where for finding in found.blocked] == ["subject"]

    def test_an_empty_list_has_nobody(self):
        found = check(send_of(make_issue()))
        assert (found.candidates, found.recipients, found.requests) == (0, 0, 0)
        assert found.editions == found.zones == found.domains == found.excluded == ()

    def test_who_was_left_without_by_a_cancelled_send_is_told_so(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 5)
        crowd(issue.newsletter.mailing_list, 2, topics=["ai"])
        send = send_of(issue)
        plan(send)
        start(send)
        become(Batch.objects.filter(size=2), "accepted")
        cancel(send.pk, "wrong subject")
        found = foresee(Send.objects.get())
        assert (found.candidates, found.recipients) == (7, 2)
        (reason,) = found.excluded
        assert (reason.reason, reason.people) == ("cancelled", 5)
        assert "the send was cancelled" in reason.words

    @pytest.mark.parametrize("seed", range(12))
    def test_a_forecast_of_any_people_is_what_the_plan_writes(self, seed):
        draw = Random(seed)
        issue = make_issue(draw.sample(["ai", "policy", "travel"], draw.randint(1, 3)))
        newsletter = issue.newsletter
        newsletter.time_zone = draw.choice(["UTC", "Asia/Kathmandu"])
        newsletter.hourly_ceiling = draw.choice([None, 7, 100])
        newsletter.domain_ceilings = draw.choice([{}, {"firm1.example": 3, "firm2.example": 50}])
        newsletter.save()
        make_issue(["chess"])
        for n in range(60):
            topics = draw.sample(["ai", "policy", "travel", "chess"], draw.choice([0, 0, 1, 2]))
            state = draw.choice(["active"] * 5 + ["pending", "unsubscribed"])
            address = f"R{n}.{seed}@Firm{draw.randint(0, 25)}.example"
            (person,) = subscribe(newsletter.mailing_list, address, state=state, topics=topics)
            live(draw.choice(["Asia/Tokyo", "Europe/Berlin", "Not/AZone", "US", "SG", "IN"]), address)
            if draw.random() < 0.2:
                reason = draw.choice(Suppression.Reason.values)
                Suppression.objects.create(address=address.lower(), reason=reason)
            if draw.random() < 0.2:
                until = timezone.now().date() + timedelta(days=draw.randint(-2, 2))
                Subscription.objects.filter(subscriber=person).update(paused_until=until)
        schedule = draw.choice([Schedule(), Schedule(local=EIGHT), Schedule(at=EIGHT.replace(tzinfo=UTC))])
        test = draw.choice([None, ABTest((("Other", ""),), share=draw.randint(1, 99))])
        if draw.random() < 0.5:
            earlier = send_out(send_of(issue))
            become(earlier.batches, draw.choice(["accepted", "rejected", "unknown"]))
            issue = next_issue(issue)
            gone = list(earlier.deliveries.values_list("subscriber", flat=True)[: draw.randint(0, 9)])
            Subscription.objects.filter(subscriber__in=gone).update(state="unsubscribed")
        found = check(send_of(issue, schedule, test))
        assert found.requests == Batch.objects.filter(send__issue=issue).count()


class TestWhen:
    @pytest.fixture
    def issue(self):
        issue = make_issue()
        subscribe(issue.newsletter.mailing_list, *(f"{n}@example.org" for n in range(6)))
        return issue

    def moments(self, issue, local):
        """When each zone gets it: as foreseen, which is as it is planned."""
        found = check(send_of(issue, Schedule(local=local)))
        due = set(Batch.objects.filter(send__issue=issue).values_list("due_at", flat=True))
        assert {zone.first for zone in found.zones} == {zone.last for zone in found.zones} == due
        return {zone.zone: (zone.people, zone.first) for zone in found.zones}

    def test_local_time_is_the_persons_zone_else_their_countrys_else_the_newsletters(self, issue):
        issue.newsletter.time_zone = "Asia/Singapore"
        issue.newsletter.save()
        live("Europe/Berlin", "0@example.org", "1@example.org")
        live("US", "1@example.org", "2@example.org")
        live("Mars/Olympus", "3@example.org")
        assert self.moments(issue, EIGHT) == {
            "Europe/Berlin": (2, datetime(2037, 1, 5, 7, 0, tzinfo=UTC)),
            "America/New_York": (1, datetime(2037, 1, 5, 13, 0, tzinfo=UTC)),
            "Asia/Singapore": (3, datetime(2037, 1, 5, 0, 0, tzinfo=UTC)),
        }

    def test_a_time_that_the_clocks_leave_out_comes_as_much_later(self, issue):
        live("Europe/Berlin", "0@example.org")
        assert self.moments(issue, datetime(2037, 3, 29, 2, 30)) == {
            "Europe/Berlin": (1, datetime(2037, 3, 29, 1, 30, tzinfo=UTC)),  # 03:30 on their clocks
            "UTC": (5, datetime(2037, 3, 29, 2, 30, tzinfo=UTC)),
        }

    def test_a_time_that_the_clocks_show_twice_is_the_first_of_the_two(self, issue):
        live("Europe/Berlin", "0@example.org")
        assert self.moments(issue, datetime(2037, 10, 25, 2, 30)) == {
            "Europe/Berlin": (1, datetime(2037, 10, 25, 0, 30, tzinfo=UTC)),
            "UTC": (5, datetime(2037, 10, 25, 2, 30, tzinfo=UTC)),
        }

    def test_at_once_has_no_moment_and_one_moment_is_the_same_in_every_zone(self, issue):
        live("Europe/Berlin", "0@example.org")
        assert {zone.first for zone in check(send_of(issue)).zones} == {None}
        at = EIGHT.replace(tzinfo=UTC)
        found = check(send_of(issue, Schedule(at=at)))
        assert {(zone.zone, zone.first, zone.last) for zone in found.zones} == {
            ("Europe/Berlin", at, at),
            ("UTC", at, at),
        }

    def test_a_ceiling_of_a_domain_makes_more_requests(self, issue):
        subscribe(issue.newsletter.mailing_list, *(f"{n}@big.example" for n in range(5)))
        issue.newsletter.domain_ceilings = {"big.example": 2}
        issue.newsletter.save()
        at = EIGHT.replace(tzinfo=UTC)
        found = check(send_of(issue, Schedule(at=at)))
        assert found.requests == Batch.objects.count() == 1 + 3
        assert found.until == at + timedelta(hours=2)

    def test_ceilings_tell_until_when_it_takes(self, issue):
        assert foresee(send_of(issue)).until is None
        newsletter = issue.newsletter
        newsletter.hourly_ceiling = 2
        newsletter.save()
        at = EIGHT.replace(tzinfo=UTC)
        found = foresee(send_of(issue, Schedule(at=at)))
        assert found.requests == 3
        assert found.until == at + timedelta(hours=2)


class TestBesideTheLastSend:
    def test_who_is_new_and_who_fell_out_and_why(self):
        issue = make_issue()
        mailing_list = issue.newsletter.mailing_list
        crowd(mailing_list, 5)
        leaver, bounced, rejected, paused, deleted = crowd(mailing_list, 5)
        (waiting,) = crowd(mailing_list, 1, state="pending")
        back = crowd(mailing_list, 2, state="unsubscribed")
        first = send_out(send_of(issue))
        with connection.cursor() as cursor:  # as when SendGrid's answer names one
            reject_deliveries(cursor, first.pk, {rejected.pk: "a bad address"})
        batch = first.batches.get()
        batch.subscriber_ids.remove(rejected.pk)
        batch.save(update_fields=["subscriber_ids"])

        crowd(mailing_list, 3)
        Subscription.objects.filter(subscriber__in=[waiting, *back]).update(state="active")
        Subscription.objects.filter(subscriber=leaver).update(state="unsubscribed")
        Suppression.objects.create(address=bounced.email, reason="bounce")
        until = timezone.now().date() + timedelta(days=9)
        Subscription.objects.filter(subscriber=paused).update(paused_until=until)
        Subscription.objects.filter(subscriber=deleted).delete()
        difference = check(send_of(next_issue(issue))).difference

        assert (difference.send, difference.issue) == (first.pk, str(issue))
        assert (difference.recipients, difference.kept) == (9, 5)
        assert told(difference.new) == {"joined": 3, "unsubscribed": 2, "unconfirmed": 1, "rejected": 1}
        assert told(difference.out) == {"unsubscribed": 1, "bounce": 1, "paused": 1, "off_list": 1}
        assert {reason.words for reason in difference.out} >= {"no longer on the list", "left the list"}

    def test_nothing_went_out_before(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 2)
        planned = send_of(issue)
        plan(planned)
        assert foresee(planned).difference is None
        # A plan that was never started is no send; neither is one of another newsletter.
        send_out(send_of(make_issue()))
        assert foresee(send_of(next_issue(issue))).difference is None

    def test_who_got_it_from_a_further_send_of_the_issue_got_it(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 3)
        (late,) = crowd(issue.newsletter.mailing_list, 1, state="pending")
        (never,) = crowd(issue.newsletter.mailing_list, 1, state="unsubscribed")
        send_out(send_of(issue))
        Subscription.objects.filter(subscriber=late).update(state="active")
        second = send_out(again(issue))
        Subscription.objects.filter(subscriber=never).update(state="active")
        difference = check(send_of(next_issue(issue))).difference
        assert (difference.send, difference.recipients, difference.kept) == (second.pk, 4, 4)
        assert told(difference.new) == {"unsubscribed": 1}

    def test_a_started_send_is_told_beside_the_one_before_it(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 2)
        first = send_out(send_of(issue))
        second = send_out(send_of(next_issue(issue)))
        assert foresee(Send.objects.get(pk=first.pk)).difference is None
        assert foresee(Send.objects.get(pk=second.pk)).difference.send == first.pk

    def test_who_was_left_without_by_a_cancelled_send_is_new(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 2)
        send = send_of(issue)
        plan(send)
        start(send)
        cancel(send.pk, "wrong subject")
        difference = check(send_of(next_issue(issue))).difference
        assert (difference.recipients, told(difference.new)) == (0, {"cancelled": 2})


class TestNothingIsLeft:
    def contents(self):
        """Every row of every table of ours."""
        with connection.cursor() as cursor:
            found = {}
            for model in apps.get_models():
                cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t ORDER BY 1')
                found[model._meta.db_table] = cursor.fetchall()
            cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'")
            return found, cursor.fetchall()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("options", [[], ["--local", "2037-01-05 08:00"], ["--subject", "Other"]])
    def test_a_dry_run_leaves_nothing_behind(self, options, capsys):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 30)
        before = self.contents()
        call_command("plan", str(issue), "--dry-run", *options)
        assert "Nothing was written" in capsys.readouterr().out
        assert self.contents() == before
        plan(send_of(issue))
        before = self.contents()
        call_command("plan", str(issue), "--dry-run", *options)
        assert self.contents() == before

    def test_a_block_that_is_undone_never_was(self):
        issue = make_issue()
        with undone():
            send_of(issue)
            assert Send.objects.exists()
        assert not Send.objects.exists()


class TestCommand:
    @pytest.fixture
    def issue(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 3)
        subscribe(issue.newsletter.mailing_list, "gone@example.org", state="unsubscribed")
        return issue

    @pytest.fixture
    def run(self, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")

        def run(*arguments):
            capsys.readouterr()
            call_command("plan", *map(str, arguments))
            return capsys.readouterr().out

        return run

    def test_without_dry_run_it_plans_and_says_how_to_start(self, issue, run):
        said = run(issue)
        send = Send.objects.get()
        assert send.planned_at
        assert not send.started_at
        assert f"mailer send {issue}" in said
        assert run(issue) == run(send.pk) == run("latest") == said

    def test_it_fits_eighty_columns_and_tells_the_numbers(self, issue, run):
        send_out(send_of(issue))
        live("Europe/Berlin", *Subscriber.objects.values_list("email", flat=True))
        said = run(next_issue(issue), "--dry-run", "--local", "2037-01-05 08:00")
        assert max(map(len, said.splitlines())) <= 80
        lines = [" ".join(line.split()) for line in said.splitlines()]
        for expected in (
            "on the list 4",
            "left out: left the list -1",
            "get it 3",
            "in 1 edition and 1 request",
            "1 News about ai",
            "3 News about travel",
            "1 · 2 · 3 1 3",
            "Europe/Berlin 3 Mon 05 Jan 08:00 5 January 2037, 07:00 UTC",
            "example.org 3",
            "get this one too 3",
        ):
            assert expected in lines

    def test_json_has_all_of_it(self, issue, run):
        found = json.loads(run(issue, "--dry-run", "--json", "--local", "2037-01-05 08:00"))
        assert (found["recipients"], found["send"]) == (3, None)
        assert found["zones"] == [
            {"zone": "UTC", "people": 3, "first": "2037-01-05T08:00:00Z", "last": "2037-01-05T08:00:00Z"}
        ]

    def test_why_answers_for_one_person(self, issue, run):
        assert "left the list" in run(issue, "--dry-run", "--why", "GONE@example.org")
        assert (
            json.loads(run(issue, "--dry-run", "--json", "--why", "gone@example.org"))["reason"]
            == "unsubscribed"
        )
        assert not Send.objects.exists()

    def test_a_list_names_the_people_behind_a_number(self, issue, run):
        assert run(issue, "--dry-run", "--list", "unsubscribed").split("  ") == [
            "gone@example.org",
            "left the list\n",
        ]
        assert run(issue, "--dry-run", "--list", "bounce") == "Nobody.\n"
        first, rest = run(issue, "--dry-run", "--list", "1", "--limit", "1").splitlines()
        assert first.startswith("reader0.")
        assert first.endswith("at once")
        assert rest.startswith("… and 2 more")

    def test_a_list_names_who_is_new_and_who_fell_out(self, issue, run):
        send_out(send_of(issue))
        leaver = Subscriber.objects.filter(email__startswith="reader").first()
        Subscription.objects.filter(subscriber=leaver).update(state="unsubscribed")
        Subscription.objects.filter(subscriber__email="gone@example.org").update(state="active")
        subscribe(issue.newsletter.mailing_list, "young@example.org")
        following = next_issue(issue)
        assert run(following, "--dry-run", "--list", "out") == f"{leaver.email}  left the list\n"
        assert run(following, "--dry-run", "--list", "new").splitlines() == [
            "gone@example.org  then: left the list",
            "young@example.org  joined since",
        ]

    def test_hostile_names_run_nowhere(self, issue, run, tmp_path):
        subscribe(
            issue.newsletter.mailing_list,
            "=cmd@example.org",
            first_name="=HYPERLINK(1)\x1b[31m[bold]x[/nope]",
        )
        issue.stories.filter(position=1).update(headline="[red]\x1b]0;title\x07 news")
        file = tmp_path / "people.csv"
        run(issue, "--dry-run", "--list", "1", "--csv", file)
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
        assert rows[1][:2] == ["'=cmd@example.org", "'=HYPERLINK(1)\x1b[31m[bold]x[/nope]"]
        assert len(rows) == 5
        assert file.stat().st_mode & 0o777 == 0o600
        listed = run(issue, "--dry-run", "--list", "1")
        assert "=HYPERLINK(1)\ufffd[31m[bold]x[/nope]" in listed
        assert "[red]\ufffd]0;title\ufffd news" in run(issue, "--dry-run")
        assert "\x1b" not in listed

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--csv", "x.csv"], "say which, with --list"),
            (["--json", "--list", "new"], "with --csv FILE"),
            (["--list", "nobody"], r"no list 'nobody'. Name one of new, out, complaint.*edition from 1 to 1"),
            (["--list", "new"], "went out before"),
            (["--zone", "Asia/Tokyo"], "name both, or neither"),
            (["--at", "yesterday"], "not a date and time"),
            (["--again"], "not sent yet"),
            (["--list", "1", "--csv", "/nowhere/people.csv"], "cannot be written to /nowhere/people.csv"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, issue, arguments, said):
        with pytest.raises(CommandError, match=said):
            call_command("plan", str(issue), "--dry-run", *arguments)

    def test_a_send_that_was_started_is_told_but_not_changed(self, issue, run):
        send = send_out(send_of(issue))
        assert "It was started on" in run(send.pk)
        for target in (send.pk, issue):
            with pytest.raises(CommandError, match=r"started already.*mailer cancel"):
                run(target, "--at", "2037-01-05 08:00")
        with pytest.raises(CommandError, match="There is no send '99999'"):
            run("99999")
        with pytest.raises(CommandError, match="There is no issue"):
            run("nothing/1")

    def test_a_blocked_issue_is_not_planned_but_told(self, run):
        issue = make_issue(subject="")
        crowd(issue.newsletter.mailing_list, 1)
        assert "Nothing goes out before the errors are mended" in run(issue, "--dry-run")
        with pytest.raises(CommandError, match="subject"):
            run(issue)
        assert discard(send_of(issue))
