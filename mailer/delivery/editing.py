"""An issue of which a send was started is edited no more: what its readers got stays what it was."""

from django.utils import timezone

from mailer.delivery.models import Send
from mailer.issues.editing import locks
from mailer.issues.models import Issue


def why_locked(issue: Issue) -> str | None:
    """Why an issue may not be edited: a send of it was started, or it welcomes people. None where it may."""
    send = Send.objects.filter(issue=issue).exclude(started_at=None).order_by("id").first()
    if send is None or send.started_at is None:
        return None
    if send.rolling:
        return (
            "This is the welcome issue: whoever confirms a subscription gets it, and some have it already. Write a copy of "
            "it, and make that the welcome issue."
        )
    return (
        f"Send {send.pk} of this issue was started on {timezone.localdate(send.started_at):%-d %B %Y}, and what readers "
        "get stays as it was. To write more, copy the issue."
    )


def listen() -> None:
    """From now on whoever edits an issue is told of its sends."""
    locks.register(why_locked)
