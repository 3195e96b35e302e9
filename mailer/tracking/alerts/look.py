"""Looking for what is wrong with the installation at this moment.

That no worker and no beat runs cannot be seen from here, because then nothing looks: /readyz says it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Min, Sum

from mailer.delivery.forecast.wording import moment
from mailer.delivery.models import Notice, SuppressionSync
from mailer.tracking.lag import lag, last_post_at
from mailer.tracking.models import AlertKind, Post

SILENT = timedelta(minutes=15)
"""SendGrid posts every 30 seconds while it has events, and every accepted mail has one within seconds: processed,
delivered or deferred. It was seen to be late by minutes; a quarter of an hour is none of that any more."""
ABOUT = timedelta(days=30)
"""Older mail proves no silence: events may be deleted after a month."""
LATE = timedelta(minutes=5)
"""Folding looks every two seconds. A post that waits for five minutes means that it does not run or does not keep up,
and for so long a send that should pause goes on."""
FAILING = timedelta(hours=1)
"""SendGrid's disturbances end within minutes. In an hour, suppressions were pulled twice and pushed 120 times."""
WARNED = timedelta(days=1)
"""How long a limit that a send passed without a pause stays an alert: nothing ends it, it only becomes old."""


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong now. `subject` is what it is about where its kind has several, else ""; `text` says what
    was seen, with numbers, and what to do. `notice_id` is the notice by which the owner of a send was told already."""

    kind: AlertKind
    text: str
    subject: str = ""
    notice_id: int | None = None


def look(now: datetime) -> Iterator[Wrong]:
    """All that is wrong now, each once by kind and subject."""
    yield from _silence(now)
    yield from _lateness()
    yield from _set_aside()
    yield from _failing_suppressions(now)
    yield from _paused_sends()
    yield from _warned_sends(now)


def _silence(now: datetime) -> Iterator[Wrong]:
    """Mail was accepted, and no post came since it began to go out."""
    heard = last_post_at()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), sum(size), min(started_at) FROM delivery_submission
            WHERE outcome = 'accepted' AND started_at > greatest(%s, %s) AND started_at < %s
            """,
            [heard, now - ABOUT, now - SILENT],
        )
        requests, people, first = cursor.fetchone()
    if not requests:
        return
    mail = f"{_counted(people, 'person', 'people')} in {_counted(requests, 'request')}"
    last = f"The last one came {moment(heard)}." if heard else "None ever came, as far as events are kept."
    empty = "" if settings.ENVIRONMENT.sendgrid_webhook_keys else ", which is empty now"
    yield Wrong(
        AlertKind.WEBHOOK_SILENT,
        f"SendGrid accepted mail to {mail} since {moment(first)}, and posted no event for it in {_minutes(SILENT)}. "
        f"{last} Until events come again, nobody sees bounces, complaints and unsubscribes by mail, and no send pauses "
        "itself. SendGrid repeats what it could not post for 24 hours; what is older is lost.\n\n"
        "What to do: at SendGrid, under Settings, Mail Settings, Event Webhooks, see that the webhook is enabled, posts "
        f"to {settings.PUBLIC_URL.rstrip('/')}/webhooks/sendgrid/events, and is signed; that the key that it shows "
        f"there stands in SENDGRID_WEBHOOK_KEYS{empty}; and that this address can be reached from outside. mailer doctor "
        "checks all of it. Posts that came and were refused stand in the log of the web process as webhook_refused.",
    )


def _lateness() -> Iterator[Wrong]:
    waiting = lag()
    if waiting.seconds <= LATE.total_seconds():
        return
    events = f"{_counted(waiting.events, 'event')} in {_counted(waiting.posts, 'post')}"
    yield Wrong(
        AlertKind.FOLDING_LATE,
        f"{events} of the webhook wait to be counted, the oldest for {_minutes(timedelta(seconds=waiting.seconds))}; the "
        f"limit is {_minutes(LATE)}. Nothing is lost, but figures, suppressions and the guard of running sends are "
        "behind by as much.\n\n"
        "What to do: see that a worker takes tasks (mailer alive worker) and look in its log for errors of "
        "mailer.tracking.tasks.fold. Where the number falls, wait; where it grows, start another worker. While "
        "mailer replay rebuilds figures, events wait for it.",
    )


def _set_aside() -> Iterator[Wrong]:
    aside = Post.objects.exclude(trouble="").aggregate(
        posts=Count("id"), events=Sum("events"), first=Min("received_at"), trouble=Min("trouble")
    )
    if not aside["posts"]:
        return
    events = f"{_counted(aside['events'], 'event')} in {_counted(aside['posts'], 'post')}"
    yield Wrong(
        AlertKind.EVENTS_SET_ASIDE,
        f"{events} of the webhook could not be counted and are set aside, the first of them since "
        f"{moment(aside['first'])} ({aside['trouble']}). Nothing is lost and all others go on, but until they are counted, "
        "figures lack them, and so do suppressions.\n\n"
        "What to do: this is a fault of mailer: report what stands in brackets (also in the worker's log, as "
        "events_set_aside), and install a version that mends it. They are tried again every hour by themselves, "
        "and by mailer replay.",
    )


_ACTS = {
    "pull": (
        "Reading SendGrid's suppression lists",
        "Who bounced or complained where only SendGrid saw it still counts as reachable here",
    ),
    "push": (
        "Telling SendGrid who is suppressed here",
        "Other programs that send with the same account may still mail them",
    ),
    "remove": (
        "Taking lifted addresses off SendGrid's suppression lists",
        "SendGrid still drops mail to them",
    ),
}


def _failing_suppressions(now: datetime) -> Iterator[Wrong]:
    failing = SuppressionSync.objects.filter(act__in=_ACTS, failing_since__lte=now - FAILING, failures__gt=1)
    for sync in failing.order_by("act"):
        what, consequence = _ACTS[sync.act]
        worked = f" It worked last {moment(sync.succeeded_at)}." if sync.succeeded_at else ""
        by_hand = "pull" if sync.act == "pull" else "push"
        yield Wrong(
            AlertKind.SUPPRESSIONS_FAILING,
            f"{what} failed {sync.failures:,} times in a row, since {moment(sync.failing_since or now)}.{worked} The "
            f"last answer: {sync.failure}. {consequence}. It is tried again by itself.\n\n"
            "What to do: see that SENDGRID_API_KEY is valid and may read and change suppressions (mailer doctor), and "
            f"look at status.sendgrid.com. To try it now: mailer suppressions {by_hand}.",
            sync.act,
        )


_PAUSES = ("guard", "refused", "held")
"""Kinds of notices that come with a pause."""
_WARNINGS = (AlertKind.COMPLAINTS, AlertKind.BOUNCES, AlertKind.AUTHENTICATION, AlertKind.BLOCKLIST)
"""They are called as the notices are."""
_ISSUE = ("send__issue__newsletter",)


def _paused_sends() -> Iterator[Wrong]:
    """Sends that paused themselves, as long as nobody resumes or cancels them."""
    paused = Notice.objects.filter(
        kind__in=_PAUSES,
        send__paused_at__isnull=False,
        send__cancelled_at=None,
        created_at__gte=F("send__paused_at"),
    )
    for notice in paused.order_by("send_id", "id").distinct("send_id").select_related(*_ISSUE):
        yield _of_send(AlertKind.SEND_PAUSED, notice)


def _warned_sends(now: datetime) -> Iterator[Wrong]:
    """Sends of which the guard warned lately."""
    warned = Notice.objects.filter(kind__in=_WARNINGS, send__isnull=False, created_at__gt=now - WARNED)
    for notice in (
        warned.order_by("send_id", "kind", "id").distinct("send_id", "kind").select_related(*_ISSUE)
    ):
        yield _of_send(AlertKind(notice.kind), notice)


def _of_send(kind: AlertKind, notice: Notice) -> Wrong:
    issue = notice.send.issue if notice.send else ""
    return Wrong(kind, f"Send {notice.send_id}, {issue}: {notice.text}", f"send {notice.send_id}", notice.pk)


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes:,} minutes" if minutes < 180 else f"{minutes // 60:,} hours"
