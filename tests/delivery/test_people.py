"""Who got a send and who did not, person by person, and why."""

import csv
import io
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailer.delivery.forecast.explain import explain
from mailer.delivery.forecast.people import Standing, people
from mailer.delivery.forecast.verdict import Verdict
from mailer.delivery.models import Batch, Delivery, Exclusion, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import again, send_of, start
from mailer.delivery.steer import cancel, pause
from mailer.delivery.variants import ABTest
from subscribers.leaving import leave
from subscribers.models import Consent, Subscriber, Subscription, Suppression
from tests.delivery.settled import become
from tests.newsroom import crowd, make_issue, planned_for, subscribe
from tests.tracking.ledger import add_batch, exclude, make_people, make_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def send():
    """A send with people in every state."""
    ledger = make_send(make_people([f"got{n}@example.org" for n in range(4)]))
    edition = ledger.batch.edition
    for state in ("waiting", "submitting", "unknown", "rejected", "cancelled"):
        _, submission = add_batch(edition, make_people([f"{state}{n}@example.org" for n in range(2)]), state)
        Submission.objects.filter(pk=submission.pk).update(reason=f"reason of {state}")
    Delivery.objects.filter(subscriber__email="got3@example.org").update(rejected_because="a bad address")
    Batch.objects.filter(pk=ledger.batch.pk).update(
        subscriber_ids=list(
            Subscriber.objects.filter(
                email__in=["got0@example.org", "got1@example.org", "got2@example.org"]
            ).values_list("pk", flat=True)
        )
    )
    exclude(ledger.send, make_people(["left@example.org"]), "unsubscribed")
    exclude(ledger.send, make_people(["dead@example.org"]), "bounce")
    Send.objects.update(candidates=16, started_at=ledger.send.planned_at)
    return Send.objects.get()


def standing(found):
    return {person.address: (person.standing, person.because) for person in found}


class TestPeople:
    def test_everybody_stands_somewhere_as_the_progress_counts_them(self, send):
        found = list(people(send))
        counts = Counter(person.standing for person in found)
        now = progress(send)
        assert now.adds_up
        assert len(found) == now.candidates
        assert counts["accepted"] == now.accepted == 3
        assert counts["waiting"] == now.waiting == 4
        assert counts["rejected"] == now.rejected == 3
        assert counts["unknown"] == now.unknown == 2
        assert counts["cancelled"] == now.cancelled == 2
        assert counts["excluded"] + counts["cancelled"] == now.excluded == 4

    def test_each_has_the_reason(self, send):
        Delivery.objects.filter(subscriber__email="got0@example.org").update(delivered_at=timezone.now())
        Delivery.objects.filter(subscriber__email="got1@example.org").update(
            bounced_at=timezone.now(), bounce_class="Invalid Address"
        )
        found = standing(people(send))
        assert found["got0@example.org"] == ("accepted", "delivered")
        assert found["got1@example.org"] == ("accepted", "bounced for good Invalid Address")
        assert found["got2@example.org"] == ("accepted", "")
        assert found["got3@example.org"] == ("rejected", "a bad address")
        assert found["rejected0@example.org"] == ("rejected", "reason of rejected")
        assert found["unknown0@example.org"] == ("unknown", "reason of unknown")
        assert found["left@example.org"] == ("excluded", "left the list")
        assert "the send was cancelled" in found["cancelled0@example.org"][1]

    @pytest.mark.parametrize(
        ("wanted", "reason", "addresses"),
        [
            (Standing.ACCEPTED, "", {"got0@example.org", "got1@example.org", "got2@example.org"}),
            (Standing.CANCELLED, "", {"cancelled0@example.org", "cancelled1@example.org"}),
            (Standing.EXCLUDED, "bounce", {"dead@example.org"}),
            (Standing.EXCLUDED, "cancelled", {"cancelled0@example.org", "cancelled1@example.org"}),
            (
                Standing.EXCLUDED,
                "",
                {"dead@example.org", "left@example.org", "cancelled0@example.org", "cancelled1@example.org"},
            ),
        ],
    )
    def test_some_of_them(self, send, wanted, reason, addresses):
        assert {person.address for person in people(send, wanted, reason)} == addresses

    def test_only_a_few_are_here_at_a_time(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 4500)
        send = send_of(issue)
        plan(send)
        rows = people(send)
        first = next(rows)
        rows.close()
        everybody = [person.subscriber for person in people(send)]
        assert everybody[0] == first.subscriber
        assert everybody == sorted(everybody)
        assert len(everybody) == 4500


class TestCommand:
    @pytest.fixture
    def run(self, capsys):
        def run(*arguments):
            capsys.readouterr()
            call_command("people", *map(str, arguments))
            return capsys.readouterr()

        return run

    def test_a_cancelled_send_says_who_got_it(self, run):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 2)
        subscribe(issue.newsletter.mailing_list, "lucky@example.org", topics=["ai"])
        send = send_of(issue)
        plan(send)
        start(send)
        become(Batch.objects.filter(size=1), "accepted")
        cancel(send.pk, "Wrong subject.")
        said = run(send.pk, "--accepted")
        assert said.out == "lucky@example.org  accepted\n"
        assert "Wrong subject. 1 had got it by then, 2 were left without." in said.err
        assert len(run("latest", "--cancelled").out.splitlines()) == 2
        assert run("latest", "--excluded").out == run("latest", "--excluded", "cancelled").out

    def test_a_file_holds_what_a_spreadsheet_must_not_run(self, run, tmp_path, send):
        Subscriber.objects.filter(email="got0@example.org").update(
            email="+1@example.org", first_name='=1+1,"x', last_name="@SUM(A1)"
        )
        file = tmp_path / "people.csv"
        said = run(send.pk, "--accepted", "--csv", file)
        rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
        assert [row["address"] for row in rows] == ["'+1@example.org", "got1@example.org", "got2@example.org"]
        assert (rows[0]["first_name"], rows[0]["last_name"]) == ("'=1+1,\"x", "'@SUM(A1)")
        assert datetime.fromisoformat(rows[0]["at"]).tzinfo
        assert said.out == ""
        assert "3 people" in said.err
        assert not list(tmp_path.glob("*.part"))

    def test_a_terminal_obeys_nobody(self, run, send):
        Subscriber.objects.filter(email="got0@example.org").update(email="\x1b[2J\u202e[bold]@example.org")
        assert run(send.pk, "--accepted").out.startswith("\ufffd[2J\ufffd[bold]@example.org  accepted\n")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["77777"], "There is no send '77777'"),
            (["latest", "--excluded", "nothing"], "invalid choice: 'nothing'"),
            (["latest", "--accepted", "--waiting"], "not allowed with"),
            (["latest", "--csv", "/nowhere/x.csv"], "cannot be written to /nowhere/x.csv"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, send, arguments, said):
        with pytest.raises(CommandError, match=said):
            call_command("people", *arguments)


class TestWhy:
    def why(self, send, address, verdict):
        found = explain(Send.objects.get(pk=send.pk), address)
        assert found.verdict == verdict
        return found

    def test_who_is_behind_each_state_of_a_batch(self, send):
        Send.objects.update(cancelled_at=timezone.now(), cancelled_because="Wrong subject.")
        got = self.why(send, " GOT0@example.org ", Verdict.ACCEPTED)
        assert "accepted" in got.text
        assert "“Tea prices rise”, “A new bridge”" in got.text
        assert "a bad address" in self.why(send, "got3@example.org", Verdict.REJECTED).text
        assert "reason of rejected" in self.why(send, "rejected1@example.org", Verdict.REJECTED).text
        assert "not answered yet" in self.why(send, "submitting0@example.org", Verdict.UNDER_WAY).text
        unknown = self.why(send, "unknown0@example.org", Verdict.UNKNOWN)
        assert f"mailer settle {Batch.objects.get(state='unknown').submission_id}" in unknown.text
        cancelled = self.why(send, "cancelled0@example.org", Verdict.CANCELLED)
        assert "Wrong subject." in cancelled.text
        assert cancelled.since == Send.objects.get().cancelled_at

    @pytest.mark.parametrize(
        ("fact", "said"),
        [
            ({"delivered_at": 1}, "was delivered on 2 March 2026"),
            (
                {"bounced_at": 1, "bounce_class": "Invalid"},
                "bounced for good on 2 March 2026, 09:00 UTC (Invalid)",
            ),
            (
                {"blocked_at": 1, "refusal_status": "5.7.26"},
                "refused it this time, on 2 March 2026, 09:00 UTC (5.7.26)",
            ),
            ({"dropped_at": 1}, "did not try to deliver"),
            ({"deferred_at": 1}, "put it off"),
            ({"delivered_at": 1, "complained_at": 1}, "reported it as spam"),
            ({}, "Nothing was heard"),
        ],
    )
    def test_what_was_heard_of_an_accepted_one(self, send, fact, said):
        at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        fields = {name: at if value == 1 else value for name, value in fact.items()}
        Delivery.objects.filter(subscriber__email="got0@example.org").update(**fields)
        assert said in self.why(send, "got0@example.org", Verdict.ACCEPTED).text

    def test_why_somebody_still_waits(self):
        issue = make_issue()
        crowd(issue.newsletter.mailing_list, 60)
        send = send_of(issue, test=ABTest((("Other", ""),), share=50))
        plan(send)
        tested, other = (
            next(address for address, batch in planned_for(send).items() if batch.in_test is in_test)
            for in_test in (True, False)
        )
        assert f"mailer send {issue}" in self.why(send, tested, Verdict.WILL_GET).text
        start(send)
        assert "waits for a worker" in self.why(send, tested, Verdict.WILL_GET).text
        assert "winner of the A/B test" in self.why(send, other, Verdict.WILL_GET).text
        Batch.objects.update(due_at=datetime(2037, 1, 5, 8, 0, tzinfo=UTC))
        assert "5 January 2037, 08:00 UTC" in self.why(send, tested, Verdict.WILL_GET).text
        pause(send.pk, "Too many bounces.")
        assert "Too many bounces." in self.why(send, tested, Verdict.WILL_GET).text

    def test_who_would_get_a_send_that_is_not_planned(self):
        issue = make_issue()
        subscribe(issue.newsletter.mailing_list, "a@example.org", topics=["ai"])
        subscribe(issue.newsletter.mailing_list, "b@example.org", state="pending")
        send = send_of(issue)
        assert (
            "“News about ai”, as soon as the send is started"
            in self.why(send, "a@example.org", Verdict.WILL_GET).text
        )
        assert self.why(send, "b@example.org", Verdict.EXCLUDED).reason == "unconfirmed"
        assert not Exclusion.objects.exists()

    def test_nobody_of_that_address_and_nobody_on_the_list(self):
        send = send_of(make_issue())
        make_people(["elsewhere@example.org"])
        Suppression.objects.create(address="ghost@example.org", reason="bounce")
        assert "Check how it is written" in self.why(send, "nobody@example.org", Verdict.NO_SUBSCRIBER).text
        assert "hard bounce" in self.why(send, "Ghost@example.org", Verdict.NO_SUBSCRIBER).text
        assert "is not on the list" in self.why(send, "elsewhere@example.org", Verdict.NOT_ON_LIST).text

    def test_who_joined_after_the_plan_is_told_of_the_further_send(self):
        issue = make_issue()
        send = send_of(issue)
        plan(send)
        start(send)
        subscribe(issue.newsletter.mailing_list, "late@example.org")
        found = self.why(send, "late@example.org", Verdict.NOT_ON_LIST)
        assert f"mailer send {issue} --again" in found.text
        assert found.since == Subscription.objects.get().created_at


class TestWhyExcluded:
    @pytest.fixture
    def issue(self):
        issue = make_issue()
        subscribe(issue.newsletter.mailing_list, "a@example.org")
        return issue

    def why(self, issue, reason):
        """The explanation for the one person, as foreseen and as planned."""
        send = Send.objects.filter(issue=issue).first() or send_of(issue)
        before = explain(send, "a@example.org")
        plan(send)
        found = explain(send, "a@example.org")
        assert before == found
        assert (found.verdict, found.reason) == (Verdict.EXCLUDED, reason)
        return found

    def test_left_by_the_record_of_consent(self, issue):
        leave(issue.newsletter.mailing_list_id, Subscriber.objects.get().pk, source="one-click")
        found = self.why(issue, "unsubscribed")
        assert found.since == Consent.objects.get().at
        assert "(by one-click)" in found.text

    def test_left_without_a_record(self, issue):
        Subscription.objects.update(state="unsubscribed")
        assert "no record says how" in self.why(issue, "unsubscribed").text

    def test_suppressed_since_when_and_why(self, issue):
        Suppression.objects.create(address="a@example.org", reason="bounce", detail="550 no such user")
        found = self.why(issue, "bounce")
        assert found.since == Suppression.objects.get().created_at
        assert "(550 no such user)" in found.text

    def test_paused_until_when(self, issue):
        until = timezone.now().date() + timedelta(days=400)
        Subscription.objects.update(paused_until=until)
        assert f"until {until.day} {until:%B %Y}" in self.why(issue, "paused").text

    def test_not_confirmed(self, issue):
        Subscription.objects.update(state="pending")
        assert "signed up on" in self.why(issue, "unconfirmed").text

    def test_no_stories_on_what_they_chose(self, issue):
        make_issue(["chess"])
        Subscriber.objects.update(topic_ids=[9999])
        assert "exist no more" in self.why(issue, "no_stories").text

    def test_has_it_from_an_earlier_send(self, issue):
        first = send_of(issue)
        plan(first)
        start(first)
        become(first.batches, "accepted")
        again(issue)
        found = self.why(issue, "already")
        assert f"(from send {first.pk})" in found.text
        become(first.batches, "unknown")
        assert f"of send {first.pk} it is not known" in explain(Send.objects.first(), "a@example.org").text

    def test_what_held_at_the_plan_and_holds_no_more(self, issue):
        Suppression.objects.create(address="a@example.org", reason="manual")
        self.why(issue, "suppressed")
        send = Send.objects.get()
        start(send)
        Suppression.objects.all().delete()
        found = explain(Send.objects.get(), "a@example.org")
        assert "That holds no more." in found.text
        assert f"mailer send {issue} --again" in found.text

    def test_found_when_the_batch_was_claimed(self, issue):
        subscribe(issue.newsletter.mailing_list, "b@example.org")
        send = send_of(issue)
        plan(send)
        Exclusion.objects.create(
            send=send,
            subscriber=Subscriber.objects.get(email="b@example.org"),
            reason="complaint",
            at_claim=True,
        )
        send.batches.update(subscriber_ids=[Subscriber.objects.get(email="a@example.org").pk])
        assert "after the plan" in explain(send, "b@example.org").text

    def test_the_command_says_it(self, issue, capsys):
        Suppression.objects.create(address="a@example.org", reason="bounce", detail="[bold]\x1b[2J")
        send = send_of(issue)
        plan(send)
        call_command("why", "latest", "a@example.org")
        said = capsys.readouterr().out
        assert f"a@example.org does not get {issue}: address bounced for good, since" in said
        assert "([bold]\ufffd[2J)" in said
        with pytest.raises(CommandError, match="There is no send 'x'"):
            call_command("why", "x", "a@example.org")


def test_a_pause_that_ends_today_is_over():
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "a@example.org")
    Subscription.objects.update(paused_until=date.today())
    assert explain(send_of(issue), "a@example.org").verdict == Verdict.WILL_GET


def test_what_is_no_file_is_not_replaced_by_one(tmp_path):
    send = send_of(make_issue())
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        with pytest.raises(CommandError, match="it is no file"):
            call_command("people", str(send.pk), "--csv", str(place))
    with pytest.raises(CommandError, match="too long"):
        call_command("people", str(send.pk), "--csv", str(tmp_path / ("x" * 300)))
    assert pipe.is_fifo()
