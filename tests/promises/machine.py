"""Every act of delivery in any order, with the six promises held after each.

The machine plays the workers, one transaction after the other, and SendGrid (account.py); everything else is real.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from mailer.delivery.evidence import look_for_evidence
from mailer.delivery.guard import watch
from mailer.delivery.models import Batch
from mailer.delivery.progress import progress
from mailer.delivery.settle import expire_claims
from mailer.delivery.start import NotOver, again, discard
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.unknown import unknown
from mailer.delivery.winner import decide_due
from subscribers.models import Subscriber
from tests.delivery.turns import out_of_turn
from tests.promises.acting import SELDOM, WHICH, act, any_act, one_of
from tests.promises.ledger import rows_of, stopped
from tests.promises.readers import Readers
from tests.promises.world import WHEN

MOST_SENDS = 4
ROUNDS = 60
"""Within so many, with time passing between them, everything comes to rest."""


class Promises(Readers):
    """What editors and beat do, and the end."""

    @act(often=4)
    def send_again(self) -> None:
        """To those who have not got it."""
        if self.sends.count() < MOST_SENDS:
            with suppress(NotOver):
                again(self.issue)
                self.begin(dies=False)

    @act(often=2, dies=SELDOM)
    def begin(self, dies: bool) -> None:
        super().begin(dies)

    @act(tested=SELDOM, when=WHEN)
    def arrange(self, tested: bool, when: str) -> None:
        if self.sends.count() < MOST_SENDS:
            super().arrange(tested, when)

    @act(which=WHICH)
    def give_up(self, which: int) -> None:
        """A send that was not started is forgotten; one that was stays."""
        if send := one_of(self.sends, which):
            assert discard(send) == (send.started_at is None)

    @act(often=3, which=WHICH, how=st.sampled_from(["resume", "resume", "pause", "cancel"]))
    def steer(self, which: int, how: str) -> None:
        """One is paused or cancelled, or all that are paused go on."""
        send = one_of(self.sends, which)
        match send and how:
            case "pause":
                pause(send.pk, "wait")
            case "cancel":
                cancel(send.pk, "a wrong picture")
            case "resume":
                self.resume_all()

    @act()
    def tick(self) -> None:
        """What beat has done beside sweeping and settling: tests that are over, sends that run past a limit."""
        decide_due()
        watch()

    @rule(what=any_act())
    def go_on(self, what: tuple[str, dict[str, Any]]) -> None:
        """One act."""
        name, arguments = what
        getattr(self, name)(**arguments)

    def resume_all(self) -> None:
        """Everything that is paused goes on."""
        for send in self.sends:
            resume(send.pk)

    def rest(self) -> None:
        """Whoever was to get it has got it, once. Whoever may get it and has not, gets it from a further send."""
        self._come_to_rest()
        started = self.sends.exclude(started_at=None)
        for send in started.filter(cancelled_at=None):
            rows = rows_of([send])[send.pk]
            to_get = self.planned[send.pk].candidates.difference(rows.excluded, rows.rejected)
            assert self.account.mailed(send.pk) == to_get, "lost: not everybody who was to get it has it"
        if not started.exists():
            return
        self.fold_all()
        discard(self.sends.last())
        again(self.issue)
        self.begin(dies=False)
        self._come_to_rest()
        may_get = {reader.pk for reader in self.readers} - stopped(self.list.pk)
        may_get -= out_of_turn(self.sends.last()).keys()
        bounced = {message.subscriber for message in self.account.messages if message.fate == "bounce"}
        assert self.account.got().keys() >= may_get - bounced, "lost: not even a further send reached them"

    def _come_to_rest(self) -> None:
        """The system alone, with time, and a person who resumes what is paused and settles what has no witness. No
        worker's answer comes any more."""
        started = self.sends.exclude(started_at=None)
        for _ in range(ROUNDS):
            self.resume_all()
            self.tick()
            expire_claims()
            look_for_evidence(self.account)
            self._settle_without_witness()
            self.change_the_queue(twice=False)
            self.work_off()
            self.the_promises_hold()
            if all(progress(send).finished for send in started):
                return
            unsettled = Batch.objects.filter(state__in=["submitting", "unknown"]).exists()
            self.time_passes(timedelta(minutes=11) if unsettled else timedelta(days=1))
        raise AssertionError(f"not at rest: {[progress(send) for send in started]}")

    def _settle_without_witness(self) -> None:
        for submission in unknown():
            recipients = Subscriber.objects.filter(pk__in=submission.batch.subscriber_ids)
            if not recipients.filter(changed_at__lt=submission.started_at).exists():
                self.decide(submission)
