"""The last look before a send is started, in the transaction that starts it."""

from mailer.delivery.approval.errors import NotApproved
from mailer.delivery.approval.matter import matter_of
from mailer.delivery.approval.state import State, state_of
from mailer.delivery.models import Send
from mailer.issues.models import Issue

SHOWN = 5
"""Changes that are named."""


def check_approved(send: Send) -> None:
    """See that a send which its newsletter lets out only with an approval has one, for what was planned and for what is
    there now. Nobody can change the issue until the transaction ends. One that was started before is not looked at.

    Raises:
        NotApproved: it has none that holds.
    """
    issue = (
        Issue.objects.select_for_update(no_key=True, of=("self",))
        .select_related("newsletter")
        .get(pk=send.issue_id)
    )
    planned = Send.objects.select_related("issue__newsletter").filter(pk=send.pk, started_at=None).first()
    if planned is None or planned.rolling or not issue.newsletter.needs_approval:
        return
    state = state_of(issue, matter_of(planned))
    if state.approved and planned.fingerprint == state.matter.fingerprint:
        return
    raise NotApproved(why_not(issue, state))


def why_not(issue: Issue, state: State) -> str:
    """Why an issue may not go out, and what to do."""
    if state.approved:
        return (
            f"{issue} may not go out: it was changed after it was planned. Plan it again: mailer send {issue}"
        )
    lines = [f"{issue} may not go out: {issue.newsletter} wants an approval. {state}"]
    told = state.changed_since_asked if state.outdated else state.changed if state.fell else ()
    lines += [f"  - {change.where}{_both(change.before, change.after)}" for change in told[:SHOWN]]
    if len(told) > SHOWN:
        lines.append(f"  - and {len(told) - SHOWN} more")
    lines.append(f"See: mailer approval {issue}")
    return "\n".join(lines)


def _both(before: str, after: str) -> str:
    shown = [" ".join(text.split())[:60] for text in (before, after)]
    return f": “{shown[0]}” is now “{shown[1]}”" if any(shown) else ""
