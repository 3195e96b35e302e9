"""No sequence of acts leads to an issue for somebody who left: not without new consent by themselves after that.

The machine plays everybody: strangers who sign up any address, the owners of the mailboxes, staff who import, undo and
send. It keeps a book of its own, by address: who said no, who ever said yes. The acts are the product's; a plan and
each claim are held against the book.
"""

import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.sweep import QUEUE
from subscribers import tokens
from subscribers.address_change import ask_change
from subscribers.importing import CannotImport, import_file
from subscribers.importing.undo import undo
from subscribers.models import (
    AddressChange,
    Import,
    Letter,
    LetterKind,
    MailingList,
    PendingSignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from subscribers.privacy.erase import erase
from subscribers.sign_up.expire import forget_unconfirmed
from subscribers.sign_up.wording import reword
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.lift import lift
from subscribers.tokens import Scope
from tests.newsroom import make_issue, next_issue

ADDRESSES = ("ada@example.org", "Ben@example.org", "chen@example.org")
WHO = st.sampled_from([ADDRESSES[2]] * 3 + [*ADDRESSES[:2]])
"""Mostly one and the same, so that much happens to it."""
WHICH = st.integers(0, 9)
EXAMPLES = int(os.environ.get("CONSENT_EXAMPLES", "40"))
SEED = int(os.environ.get("CONSENT_SEED", "1"))
EACH = 10
"""After ten examples Hypothesis turns to repeating parts of those it has tried. New ones find more here."""


ACTS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "sign_up": (4, {"who": WHO, "program": st.sampled_from([False, False, False, True])}),
    "follow_a_link": (
        5,
        {"which": WHICH, "act": st.sampled_from(["confirm", "confirm", "confirm", "again", ""])},
    ),
    "leave": (3, {"who": WHO}),
    "come_back": (3, {"who": WHO}),
    "change_address": (4, {"who": WHO, "to": WHO, "confirms": st.sampled_from([True, True, False])}),
    "be_erased": (1, {"who": WHO}),
    "ask_to_get_nothing": (1, {"who": WHO, "reason": st.sampled_from(SuppressionReason)}),
    "import_people": (2, {"people": st.lists(WHO, min_size=1, unique=True)}),
    "undo_an_import": (3, {"which": WHICH}),
    "lift_a_suppression": (1, {"who": WHO}),
    "time_passes": (3, {"days": st.sampled_from([0, 0, 1, 8, 15])}),
    "plan_an_issue": (2, {}),
    "hand_over": (2, {}),
}
"""By act: how often it is drawn as against the others, and what it is done with."""
SELDOM_ALL = sorted(ACTS.keys() - {"sign_up", "follow_a_link", "leave", "plan_an_issue", "hand_over"})
"""Each example does without about half of these: it gets further with the others."""


def any_act(machine: "ConsentRules") -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """The name of an act and what it is done with."""
    return st.sampled_from(machine.acts).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries(ACTS[name][1]))
    )


class Link(NamedTuple):
    """A confirmation link in a mailbox. `number` orders what happened."""

    address: str
    subscriber: int
    expires: int
    number: int


class ConsentRules(RuleBasedStateMachine):
    """An example is one transaction, which is undone in the end."""

    def __init__(self) -> None:
        super().__init__()
        self._example = transaction.atomic()
        self._example.__enter__()
        self._folder = TemporaryDirectory()
        self.acts: list[str] = []
        self.number = 0
        self.links: list[Link] = []
        self.read = 0
        """The number of the last letter that was looked at."""
        self.said_no: dict[str, int] = {}
        """When the owner of an address said no for the last time, without a yes since."""
        self.said_yes: set[str] = set()
        """Addresses that somebody confirmed, or that staff imported, ever."""
        self.had: dict[int, set[str]] = {}
        """All addresses of a subscriber, ever."""

    def teardown(self) -> None:
        with current_app.connection_for_read() as queue:
            queue.channel().queue_purge(QUEUE)
        transaction.set_rollback(True)
        self._example.__exit__(None, None, None)
        self._folder.cleanup()

    @initialize(without=st.lists(st.booleans(), min_size=len(SELDOM_ALL), max_size=len(SELDOM_ALL)))
    def publish(self, without: list[bool]) -> None:
        left_out = {name for name, is_out in zip(SELDOM_ALL, without, strict=True) if is_out}
        self.acts = [name for name, (often, _) in ACTS.items() if name not in left_out for _ in range(often)]
        self.issue = make_issue(("ai",))
        self.list = self.issue.newsletter.mailing_list
        MailingList.objects.filter(pk=self.list.pk).update(sign_up_open=True)
        reword(self.list, "I agree.")
        self.client = Client()
        if "import_people" in self.acts:
            self.import_people(list(ADDRESSES[:2]))

    @rule(what=st.runner().flatmap(any_act))
    def go_on(self, what: tuple[str, dict[str, Any]]) -> None:
        """One act."""
        name, arguments = what
        getattr(self, name)(**arguments)

    # Anybody.

    def sign_up(self, who: str, program: bool) -> None:
        cache.clear()
        fields = {"email": who, "wording": "1", "website": "x" if program else ""}
        assert self.client.post(f"/s/{self.list.slug}", fields).status_code == 303
        self._read_letters()

    # The owners of the mailboxes.

    def follow_a_link(self, which: int, act: str) -> None:
        """Any that was ever mailed, old ones too."""
        if not self.links:
            return
        link = self.links[-1 - which % len(self.links)]
        page = self.client.post(self._path(link), {"act": act})
        if "You are subscribed" in page.text:
            assert act == "confirm"
            address = self._address(link.subscriber)
            assert link.number > self.said_no.get(address, 0), "an old link brought somebody back"
            self._yes(address)
        self._read_letters()

    def leave(self, who: str) -> None:
        if subscriber := self._at(who):
            self.client.post(f"/u/{tokens.make(Scope.MANAGE, self.list.pk, subscriber.pk)}")
            if Subscription.objects.filter(subscriber=subscriber).exists():
                self._no(subscriber.pk)

    def come_back(self, who: str) -> None:
        """By the link in a mail that they got."""
        if subscriber := self._at(who):
            token = tokens.make(Scope.MANAGE, self.list.pk, subscriber.pk)
            was_gone = Subscription.objects.filter(subscriber=subscriber, state="unsubscribed").exists()
            self.client.post(f"/p/{token}", {"act": "come-back"})
            if was_gone:
                self._yes(subscriber.email)

    def change_address(self, who: str, to: str, confirms: bool) -> None:
        subscriber = self._at(who)
        if subscriber is None or Subscription.objects.filter(subscriber=subscriber).first() is None:
            return
        ask_change(subscriber.pk, self.list.pk, to)
        change = AddressChange.objects.filter(subscriber=subscriber).order_by("-pk").first()
        if change is None or not confirms:
            return
        was_gone = subscriber.email.lower() in self.said_no
        self.client.post(f"/address/{tokens.make(Scope.ADDRESS, self.list.pk, subscriber.pk, change.pk)}")
        if self._address(subscriber.pk) != who.lower():
            # Whoever moves is not back by that; and whoever is there, is by their own act.
            address = self._address(subscriber.pk)
            self.had.setdefault(subscriber.pk, {who.lower()}).add(address)
            if was_gone:
                self._no(subscriber.pk)
            else:
                self._yes(address)

    def be_erased(self, who: str) -> None:
        if subscriber := self._at(who):
            addresses = self._addresses(subscriber.pk)
            erase(subscriber.pk, by="the person", source="test")
            self._no(subscriber.pk, addresses)

    def ask_to_get_nothing(self, who: str, reason: str) -> None:
        """An unsubscribe-all, a complaint: as SendGrid tells them."""
        Suppression.objects.get_or_create(address=who.lower(), reason=reason)

    # Staff.

    def import_people(self, people: list[str]) -> None:
        file = Path(self._folder.name) / f"{self.number}.csv"
        file.write_text("email\n" + "\n".join(people))
        import_file(file, self.list, refused_path=file.with_suffix(".refused"))
        self.said_yes |= {address.lower() for address in people}
        self._tick()

    def undo_an_import(self, which: int) -> None:
        imports = list(Import.objects.order_by("-pk"))
        if imports:
            try:
                undo(imports[which % len(imports)].pk)
            except CannotImport:
                return  # it was undone already, or something was sent

    def lift_a_suppression(self, who: str) -> None:
        try:
            lift(who, by="anna", because="asked by telephone")
        except CannotSuppress:
            return

    def time_passes(self, days: int) -> None:
        """An hour and so many days: letters, sign-ups, links and changes of address grow old."""
        by = timedelta(days=days, hours=1)
        for model, fields in {
            Letter: ["created_at"],
            PendingSignUp: ["created_at", "expires_at"],
            AddressChange: ["asked_at", "expires_at"],
        }.items():
            for row in model.objects.all():
                earlier = {field: getattr(row, field) - by for field in fields}
                model.objects.filter(pk=row.pk).update(**earlier)
        self.links = [link._replace(expires=link.expires - int(by.total_seconds())) for link in self.links]
        forget_unconfirmed()

    def plan_an_issue(self) -> None:
        self.issue = next_issue(self.issue)
        send = send_of(self.issue)
        plan(send)
        start(send)
        planned = Batch.objects.filter(send=send)
        self._hold([number for batch in planned for number in batch.subscriber_ids])

    def hand_over(self) -> None:
        """What a worker does: from the claim on a request is on its way."""
        for batch in Batch.objects.filter(state="waiting", send__isnull=False):
            if claimed := claim(batch.pk):
                self._hold(claimed.subscriber_ids)

    # The book.

    def _hold(self, subscriber_ids: list[int]) -> None:
        suppressed = set(Suppression.objects.values_list("address", flat=True))
        for number in subscriber_ids:
            address = self._address(number)
            assert address not in self.said_no, "an issue for somebody who left"
            assert address in self.said_yes, "an issue for somebody who never agreed"
            assert address not in suppressed, "an issue for a suppressed address"

    def _yes(self, address: str) -> None:
        self._tick()
        self.said_yes.add(address.lower())
        self.said_no.pop(address.lower(), None)

    def _no(self, subscriber: int, addresses: set[str] | None = None) -> None:
        self._tick()
        for address in addresses or self._addresses(subscriber):
            self.said_no[address] = self.number

    def _tick(self) -> None:
        self.number += 1

    def _at(self, who: str) -> Subscriber | None:
        return Subscriber.objects.filter(email__iexact=who).first()

    def _address(self, subscriber: int) -> str:
        return Subscriber.objects.get(pk=subscriber).email.lower()

    def _addresses(self, subscriber: int) -> set[str]:
        return {self._address(subscriber)} | self.had.get(subscriber, set())

    def _read_letters(self) -> None:
        self._tick()
        for letter in Letter.objects.filter(pk__gt=self.read).select_related("subscriber").order_by("pk"):
            self.read = letter.pk
            if letter.kind == LetterKind.CONFIRM:
                address = (letter.address or letter.subscriber.email).lower()
                self.links.append(Link(address, letter.subscriber_id, letter.reference or 0, self.number))

    def _path(self, link: Link) -> str:
        return f"/confirm/{tokens.make(Scope.CONFIRM, self.list.pk, link.subscriber, link.expires)}"


@pytest.mark.django_db
@pytest.mark.parametrize("number", [SEED * 1_000_000 + n for n in range(-(-EXAMPLES // EACH))])
def test_nobody_who_left_gets_an_issue(number):
    run_state_machine_as_test(
        seed(number)(ConsentRules),
        settings=settings(
            max_examples=EACH,
            stateful_step_count=30,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("goes", ["leave", "be_erased"])
def test_a_former_address_is_not_imported(goes):
    """The machine found it: the store does not hold the old address, but an old file does."""
    everybody = ConsentRules()
    try:
        everybody.publish([False] * len(SELDOM_ALL))
        everybody.change_address("ada@example.org", "chen@example.org", confirms=True)
        getattr(everybody, goes)("chen@example.org")
        everybody.import_people(["ada@example.org"])
        everybody.plan_an_issue()
        assert not Subscriber.objects.filter(email="ada@example.org").exists()
    finally:
        everybody.teardown()
