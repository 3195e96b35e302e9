"""Where the approval of an issue stands, at this moment."""

from dataclasses import dataclass

from mailer.delivery.approval.changes import Change, changes
from mailer.delivery.approval.matter import Matter, current_matter
from mailer.delivery.models import Approval
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue


@dataclass(frozen=True)
class State:
    """What was asked and answered about an issue, held against what it is now.

    Args:
        needed: its newsletter lets nothing out without an approval.
        matter: what would go out now.
        decided: the newest answer, approved or declined, to exactly that; None where nobody gave one.
        asked: what was asked and is not answered; None where nothing is.
        last: the newest approval that was given, of whatever it was then.
        history: everything that was asked, newest first.
    """

    needed: bool
    matter: Matter
    decided: Approval | None
    asked: Approval | None
    last: Approval | None
    history: tuple[Approval, ...]

    @property
    def approved(self) -> bool:
        """Whether what would go out now was approved."""
        return self.decided is not None and self.decided.answer == Approval.Answer.APPROVED

    @property
    def blocks(self) -> bool:
        """Whether it may not go out."""
        return self.needed and not self.approved

    @property
    def outdated(self) -> bool:
        """Whether what was asked about is not what would go out now."""
        return self.asked is not None and self.asked.fingerprint != self.matter.fingerprint

    @property
    def fell(self) -> bool:
        """Whether an approval was given, and holds no more."""
        return self.last is not None and not self.approved and self.decided is None

    @property
    def changed(self) -> tuple[Change, ...]:
        """What is different from what was approved last."""
        return changes(self.last.matter, self.matter.document) if self.last else ()

    @property
    def changed_since_asked(self) -> tuple[Change, ...]:
        """What is different from what was asked about."""
        return changes(self.asked.matter, self.matter.document) if self.asked else ()

    def __str__(self) -> str:
        """In a sentence or two, with what to do."""
        if self.approved and self.decided:
            return f"Approved by {name_of(self.decided.answered_by)}: it may go out as it is now."
        if self.asked and not self.outdated:
            return f"{name_of(self.asked.asked_by)} asked for approval; somebody else has to answer."
        if self.asked:
            return "It was changed since approval was asked for: ask again."
        if self.decided:
            return f"Declined by {name_of(self.decided.answered_by)}: {self.decided.because}"
        if self.fell:
            return "It was approved and has changed since: ask again."
        return "It was not approved yet: ask for it." if self.needed else "This newsletter needs no approval."


def state_of(issue: Issue, matter: Matter | None = None) -> State:
    """Where the approval of an issue stands.

    Args:
        matter: what would go out; None takes it from how the issue is arranged now.
    """
    now = matter or current_matter(issue)
    history = tuple(issue.approvals.select_related("asked_by", "answered_by").order_by("-id"))
    answered = [
        each for each in history if each.answer in (Approval.Answer.APPROVED, Approval.Answer.DECLINED)
    ]
    return State(
        needed=issue.newsletter.needs_approval,
        matter=now,
        decided=next((each for each in answered if each.fingerprint == now.fingerprint), None),
        asked=next((each for each in history if not each.answer), None),
        last=next((each for each in answered if each.answer == Approval.Answer.APPROVED), None),
        history=history,
    )
