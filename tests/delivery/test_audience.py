"""A send to those in some segments, and not to those in others: the plan, the dry run, and what is told of it."""

from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.audience import EVERYBODY, Audience, BadAudience, audience_of, read_audience
from mailer.delivery.forecast.explain import explain
from mailer.delivery.models import Batch, Exclusion, Send, SendSegment
from mailer.delivery.plan import plan
from mailer.delivery.start import AlreadyStarted, again, discard, renew, send_of, start
from mailer.tracking.reports.count import report
from mailer.tracking.reports.page import render
from subscribers.models import Segment, Snapshot, SnapshotMember, Subscriber, Subscription, Topic
from tests.delivery.dry_runs import foresee
from tests.delivery.settled import become
from tests.delivery.test_dry_run import check, told
from tests.newsroom import make_issue, next_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db

ASIA = {"field": "country", "is_any_of": ["SG", "MY"]}
NEW = {"field": "created", "in_last_days": 30}
COUNTRIES = {"singa": "SG", "mala": "MY", "brit": "GB", "nowhere": ""}


@pytest.fixture
def issue():
    """One reader each in Singapore, Malaysia and Britain, and one of whom that is not known."""
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, *(f"{name}@example.org" for name in COUNTRIES))
    for name, country in COUNTRIES.items():
        Subscriber.objects.filter(email=f"{name}@example.org").update(country=country)
    return issue


def segment(slug, rule, name=""):
    return Segment.objects.create(slug=slug, name=name or slug.title(), rule={"version": 1, **rule})


@pytest.fixture
def asia():
    return segment("asia", ASIA)


@pytest.fixture
def singapore():
    return segment("singapore", {"field": "country", "is": "SG"})


def snapshot_of(source, *addresses):
    people = Subscriber.objects.filter(email__in=addresses)
    taken = Snapshot.objects.create(
        slug=f"{source.slug}-then", segment=source, rule=source.rule, size=len(people)
    )
    SnapshotMember.objects.bulk_create(SnapshotMember(snapshot=taken, subscriber=person) for person in people)
    return taken


def getting(send):
    """The names of those whom a send goes to."""
    return {address.split("@")[0] for address in planned_for(send)}


def planned(issue, into=(), out=()):
    send = send_of(issue, audience=read_audience(into, out))
    plan(send)
    return send


def run(*arguments, **options):
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, **options)
    return out.getvalue()


class TestWhoIsIn:
    def test_only_those_in_a_segment_are_candidates(self, issue, asia):
        send = planned(issue, ["asia"])
        assert getting(send) == {"singa", "mala"}
        assert send.candidates == 2
        assert not send.exclusions.exists()

    @pytest.mark.parametrize(
        ("into", "out", "expected"),
        [
            (["singapore", "britain"], [], {"singa", "brit"}),
            ([], ["asia"], {"brit", "nowhere"}),
            (["asia"], ["singapore"], {"mala"}),
            ([], ["singapore", "britain"], {"mala", "nowhere"}),
            (["singapore"], ["asia"], set()),
            ([], [], {"singa", "mala", "brit", "nowhere"}),
        ],
    )
    def test_any_of_those_in_and_none_of_those_out(self, issue, asia, singapore, into, out, expected):
        segment("britain", {"field": "country", "is": "GB"})
        assert getting(planned(issue, into, out)) == expected

    def test_a_snapshot_is_an_audience_as_it_was_taken(self, issue, asia):
        snapshot_of(asia, "singa@example.org", "brit@example.org")
        assert getting(planned(issue, ["asia-then"])) == {"singa", "brit"}
        assert getting(planned(next_issue(issue), [], ["asia-then"])) == {"mala", "nowhere"}

    def test_somebody_in_the_segment_who_is_not_on_the_list_gets_nothing(self, issue, asia):
        (elsewhere,) = subscribe(make_issue().newsletter.mailing_list, "elsewhere@example.org")
        Subscriber.objects.filter(pk=elsewhere.pk).update(country="SG")
        assert getting(planned(issue, ["asia"])) == {"singa", "mala"}

    def test_reasons_hold_within_the_audience(self, issue, asia):
        Subscription.objects.filter(subscriber__email="singa@example.org").update(state="unsubscribed")
        send = planned(issue, ["asia"])
        assert (send.candidates, getting(send)) == (2, {"mala"})
        assert Exclusion.objects.get().reason == "unsubscribed"

    def test_days_are_counted_back_from_the_moment_of_the_plan(self, issue):
        segment("new", NEW)
        Subscriber.objects.exclude(email="singa@example.org").update(
            created_at=timezone.now() - timedelta(days=40)
        )
        send = planned(issue, ["new"])
        assert getting(send) == {"singa"}
        Send.objects.filter(pk=send.pk).update(planned_at=timezone.now() - timedelta(days=20))
        send.refresh_from_db()
        Subscription.objects.update(created_at=timezone.now() - timedelta(days=40))
        assert "would be now" in explain(send, "mala@example.org").text
        assert discard(send)
        Subscriber.objects.update(created_at=timezone.now() - timedelta(days=40))
        assert getting(planned(issue, ["new"])) == set()


class TestArranged:
    def test_the_rule_is_kept_as_it_was_when_the_send_was_arranged(self, issue, asia):
        send = send_of(issue, audience=read_audience(["asia"], []))
        asia.rule = {"version": 1, "field": "country", "is": "GB"}
        asia.save()
        plan(send)
        assert getting(send) == {"singa", "mala"}
        again_named = send_of(issue, audience=read_audience(["asia"], []))
        plan(again_named)
        assert getting(again_named) == {"brit"}

    def test_asking_again_without_segments_keeps_them_and_others_replace_them(self, issue, asia, singapore):
        send = send_of(issue, audience=read_audience(["asia"], ["singapore"]))
        assert send_of(issue) == send
        assert send_of(issue, audience=read_audience(["asia"], ["singapore"])) == send
        other = send_of(issue, audience=read_audience(["singapore"], []))
        assert other != send
        assert not Send.objects.filter(pk=send.pk).exists()
        everybody = send_of(issue, audience=Audience())
        assert audience_of(everybody) == Audience()

    def test_the_order_in_which_segments_are_named_says_nothing(self, issue, asia, singapore):
        one, other = read_audience(["asia", "singapore"], []), read_audience(["singapore", "asia"], [])
        assert one == other
        assert send_of(issue, audience=one) == send_of(issue, audience=other)

    def test_a_send_that_was_started_keeps_its_audience(self, issue, asia):
        send = planned(issue)
        start(send)
        with pytest.raises(AlreadyStarted, match="to everybody"):
            send_of(issue, audience=read_audience(["asia"], []))

    def test_a_plan_that_is_made_anew_keeps_its_audience(self, issue, asia):
        send = renew(planned(issue, ["asia"]))
        plan(send)
        assert getting(send) == {"singa", "mala"}

    def test_a_further_send_keeps_the_audience_unless_another_is_named(self, issue, asia):
        first = planned(issue, ["asia"])
        start(first)
        become(first.batches, "accepted")
        subscribe(issue.newsletter.mailing_list, "late@example.org", "later@example.org")
        Subscriber.objects.filter(email="late@example.org").update(country="MY")
        second = again(issue)
        plan(second)
        assert getting(second) == {"late"}
        assert dict(second.exclusions.values_list("subscriber__email", "reason")) == {
            "singa@example.org": "already",
            "mala@example.org": "already",
        }
        second = again(issue, audience=Audience())
        plan(second)
        assert getting(second) == {"late", "later", "brit", "nowhere"}

    @pytest.mark.parametrize(
        ("into", "out", "said"),
        [
            (["asiaa"], [], "There is no segment 'asiaa'. There are, among others: asia"),
            (["asia"], ["asia"], "The segment asia is named twice"),
            (["asia", "asia"], [], "named twice"),
        ],
    )
    def test_what_cannot_be_is_refused(self, issue, asia, into, out, said):
        with pytest.raises(BadAudience, match=said):
            read_audience(into, out)

    def test_a_segment_and_a_snapshot_of_one_name_are_not_guessed_between(self, asia):
        Snapshot.objects.create(slug="asia", segment=asia, rule=asia.rule, size=0)
        with pytest.raises(BadAudience, match="both called asia"):
            read_audience(["asia"], [])

    def test_a_segment_that_a_send_went_to_cannot_be_deleted(self, issue, asia):
        taken = snapshot_of(asia)
        send_of(issue, audience=read_audience(["asia"], ["asia-then"]))
        with pytest.raises(ProtectedError):
            asia.delete()
        with pytest.raises(ProtectedError):
            taken.delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            SendSegment.objects.create(
                send=Send.objects.get(), segment=asia, snapshot=taken, rule={}, sentence=""
            )


class TestBrokenRules:
    """A rule that cannot be asked stops the plan. Nobody gets anything, least of all everybody."""

    @pytest.fixture
    def send(self, issue):
        segment("fans", {"topic": "ai"})
        segment("inner", ASIA)
        segment("outer", {"segment": "inner"})
        return send_of(issue, audience=read_audience(["fans"], ["outer"]))

    def breaks(self, send, said):
        for act in (plan, foresee):
            with pytest.raises(BadAudience, match=said):
                act(send)
        with pytest.raises(CommandError, match="The audience cannot be told"):
            call_command("send", str(send.issue), "--yes", "--no-wait", stdout=StringIO())
        send.refresh_from_db()
        assert (send.planned_at, send.started_at) == (None, None)
        assert not Batch.objects.exists()

    def test_a_topic_that_has_another_name_now(self, send):
        Topic.objects.filter(slug="ai").update(slug="artificial")
        self.breaks(send, "the segment fans: .*ai")

    def test_a_segment_within_the_one_that_is_left_out(self, send):
        Segment.objects.filter(slug="inner").delete()
        self.breaks(send, "the segment outer: segment: .*inner")

    @pytest.mark.parametrize("rule", [[], {}, "true", 7, {"version": 2}, {"version": 1, "any": []}])
    def test_a_rule_that_is_none(self, send, rule):
        send.audience.filter(segment__slug="fans").update(rule=rule)
        self.breaks(send, "the segment fans")

    def test_what_is_broken_already_is_not_arranged(self, issue):
        Segment.objects.create(slug="odd", name="Odd", rule={"version": 1, "colour": "red", "topic": "ai"})
        with pytest.raises(BadAudience, match=r"The segment odd cannot be read: .*colour"):
            read_audience(["odd"], [])
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("plan", str(issue), "--segment", "odd", stdout=StringIO())
        assert not Send.objects.exists()


class TestTold:
    SENTENCE = "those in “Asia” (in Singapore or Malaysia), but not in “Singapore” (in Singapore)"

    def test_the_sentence(self, asia, singapore):
        assert str(Audience()) == EVERYBODY
        assert str(read_audience(["asia"], ["singapore"])) == self.SENTENCE
        assert str(read_audience([], ["singapore"])) == "everybody but those in “Singapore” (in Singapore)"
        assert str(read_audience(["asia", "singapore"], [])) == (
            "those in “Asia” (in Singapore or Malaysia) or in “Singapore” (in Singapore)"
        )
        taken = snapshot_of(asia)
        assert str(read_audience(["asia-then"], [])) == (
            f"those in “asia-then” (in Singapore or Malaysia, as of {taken.taken_at.day} {taken.taken_at:%B %Y})"
        )

    def test_the_dry_run_is_what_the_plan_writes_and_writes_nothing(self, issue, asia, singapore):
        said = " ".join(
            run("plan", issue, "--dry-run", "--segment", "asia", "--not-segment", "singapore").split()
        )
        assert f"to the list Weekly: {self.SENTENCE}, at once" in said
        assert "on the list and in the audience 1" in said
        assert not Send.objects.exists()
        found = check(send_of(issue, audience=read_audience(["asia"], ["singapore"])))
        assert (found.candidates, found.recipients, found.audience) == (1, 1, self.SENTENCE)

    def test_the_send_command_says_whom_it_goes_to(self, issue, asia, singapore, capsys):
        arguments = ["send", str(issue), "--segment", "asia", "--not-segment", "singapore"]
        call_command(*arguments, "--yes", "--no-wait")
        said = " ".join(capsys.readouterr().out.split())
        assert "on the list and in the audience" in said
        assert f"It goes to {self.SENTENCE}." in said
        assert getting(Send.objects.get()) == {"mala"}

    def test_everybody_and_a_segment_do_not_go_together(self, issue, asia):
        with pytest.raises(CommandError, match="the whole list"):
            call_command("send", str(issue), "--everybody", "--segment", "asia")

    def test_why_says_who_is_not_in_the_audience(self, issue, asia, singapore):
        send = send_of(issue, audience=read_audience(["asia"], ["singapore"]))
        for _ in ("before the plan", "after it"):
            found = explain(send, "singa@example.org")
            assert found.verdict == "not_in_audience"
            assert found.text == (
                f"singa@example.org is on the list Weekly, but not in the audience of {issue}: "
                f"it goes to {self.SENTENCE}."
            )
            assert explain(send, "mala@example.org").verdict == "will_get"
            plan(send)
        Subscriber.objects.filter(email="singa@example.org").update(country="MY")
        assert "was not in the audience" in explain(send, "singa@example.org").text
        subscribe(issue.newsletter.mailing_list, "late@example.org")
        assert explain(send, "late@example.org").verdict == "not_in_audience"
        Subscriber.objects.filter(email="late@example.org").update(country="MY")
        assert "joined the list Weekly" in explain(send, "late@example.org").text

    def test_the_report_and_the_list_of_people_say_it(self, issue, asia, singapore, capsys):
        send = planned(issue, ["asia"], ["singapore"])
        start(send)
        become(send.batches, "accepted")
        assert report(send).audience == self.SENTENCE
        assert f"to the list Weekly: {self.SENTENCE} ·" in " ".join(run("report", send.pk).split())
        call_command("people", str(send.pk))
        said = capsys.readouterr()
        assert f"Send {send.pk} of {issue} to {self.SENTENCE}: 1 candidates" in said.err
        assert said.out.startswith("mala@example.org")

    def test_the_pages_of_staff_show_it(self, issue, asia, singapore, admin_client):
        Segment.objects.filter(pk=asia.pk).update(name="<b>Asia</b>")
        send = planned(issue, ["asia"], ["singapore"])
        start(send)
        sentence = self.SENTENCE.replace("Asia", "&lt;b&gt;Asia&lt;/b&gt;")
        page = admin_client.get(reverse("staff:send", args=[send.pk])).content.decode()
        for shown in (page, render(report(send))):
            assert f"to the list “<bdi>Weekly</bdi>”: <bdi>{sentence}</bdi>." in shown

    def test_beside_the_last_send_who_is_not_in_the_audience_is_told_apart(self, issue, asia, singapore):
        first = planned(issue, ["asia"])
        start(first)
        become(first.batches, "accepted")
        subscribe(issue.newsletter.mailing_list, "late@example.org")
        Subscription.objects.filter(subscriber__email="mala@example.org").delete()
        found = check(send_of(next_issue(issue), audience=read_audience([], ["singapore"])))
        assert told(found.difference.new) == {"joined": 1, "off_audience": 2}
        assert told(found.difference.out) == {"off_audience": 1, "off_list": 1}
        assert found.difference.kept == 0
        following = Send.objects.first()
        assert "mala@example.org  no longer on the list" in run("plan", following.pk, "--list", "out")
        new = run("plan", following.pk, "--list", "new")
        assert "brit@example.org  then: not in the audience" in new
        assert "late@example.org  joined since" in new


@pytest.mark.parametrize("seed", range(10))
def test_the_forecast_of_any_audience_and_cadence_is_what_the_plan_writes(seed):
    draw = Random(seed)
    issue = make_issue(["ai", "policy"])
    parts = [
        segment("asia", ASIA),
        segment("new", NEW),
        segment("chooses", {"none": [{"every_topic": True}]}),
        segment("seldom", {"list": issue.newsletter.mailing_list.slug, "cadence": ["second", "monthly"]}),
    ]
    for n in range(40):
        address = f"reader{n}.{seed}@example.org"
        topics = draw.choice([[], [], ["ai"], ["policy"]])
        subscribe(issue.newsletter.mailing_list, address, topics=topics)
        Subscriber.objects.filter(email=address).update(
            country=draw.choice(["SG", "MY", "GB", ""]),
            created_at=timezone.now() - timedelta(days=draw.randint(0, 60)),
        )
        Subscription.objects.filter(subscriber__email=address).update(
            cadence=draw.choice(["every", "every", "second", "monthly"]),
            paused_until=draw.choice([None, None, timezone.now().date() + timedelta(days=2)]),
            paused_because=draw.choice(["asked", "soft_bounces"]),
        )
    for _ in range(3):
        named = draw.sample([part.slug for part in parts], draw.randint(0, 3))
        cut = draw.randint(0, len(named))
        send = send_of(issue, audience=read_audience(named[:cut], named[cut:]))
        check(send)
        start(send)
        become(send.batches, draw.choice(["accepted", "unknown", "rejected"]))
        issue = next_issue(issue)
