"""A newsletter with one of everything, to look at what opens."""

import uuid
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from mailer.delivery.models import Batch, Edition, Exclusion, Send, Submission
from mailer.issues.editing.document import as_json
from mailer.issues.editing.rows import document_of
from mailer.issues.models import Feed, OwnTheme, Story, ThemeVersion, Version
from mailer.tracking.models import Alert, Event
from mailer.tracking.newsletter.keep import count_and_keep as count_newsletter
from mailer.tracking.partitions import make_room
from mailer.tracking.reports.keep import count_and_keep
from subscribers.importing.draft import take_up
from subscribers.importing.parts import keep_rows
from subscribers.models import (
    Consent,
    Erasure,
    ImportPartKind,
    Lifting,
    Segment,
    Snapshot,
    Suppression,
    Topic,
)
from tests.newsroom import make_issue, subscribe

World = dict[str, Model]
RULE = {"version": 1, "field": "country", "is": "SG"}


def marked(name: str) -> str:
    """What stands in all that belongs to a world's newsletter alone, and nowhere else."""
    return f"only-{name}"


def make_world(name: str) -> World:
    """What rows of areas.py are about, by the names that they use.

    Args:
        name: a word that makes what has to be unique so.
    """
    now = timezone.now()
    mark = marked(name)
    issue = make_issue(suffix=name, subject=f"Subject {mark}", intro=f"Intro {mark}")
    issue.stories.update(headline=f"Story {mark}")
    newsletter, mailing_list = issue.newsletter, issue.newsletter.mailing_list
    for named in (newsletter, mailing_list):
        named.name = f"Digest {mark}"
        named.save()
    Version.objects.create(issue=issue, revision=1, content=as_json(document_of(issue)))
    reader, left = subscribe(mailing_list, f"reader@{mark}.example", f"left@{mark}.example")
    send = Send.objects.create(
        issue=issue, mailing_list=mailing_list, planned_at=now, started_at=now, candidates=2
    )
    edition = Edition.objects.create(
        send=send, story_ids=[], language="en", subject="s", html="<p>h</p>", text="t", tags=[]
    )
    number = uuid.uuid4()
    batch = Batch.objects.create(
        send=send,
        edition=edition,
        subscriber_ids=[reader.pk],
        state="unknown",
        submission_id=number,
    )
    Exclusion.objects.create(send=send, subscriber=left, reason="paused")
    submission = Submission.objects.create(
        id=number, batch=batch, size=1, outcome="unknown", finished_at=now - timedelta(minutes=1)
    )
    segment = Segment.objects.create(slug=f"asia-{name}", name="Asia", rule=RULE)
    theme = OwnTheme.objects.create(slug=f"own-{name}", name="Own", newsletter=newsletter)
    ThemeVersion.objects.create(theme=theme, number=1, files={"issue.mjml": "<mjml></mjml>"})
    feed = Feed.objects.create(newsletter=newsletter, url=f"http://127.0.0.1/{mark}")
    story = Story.objects.create(newsletter=newsletter, headline=f"Kept {mark}", body="x")
    with NamedTemporaryFile(suffix=".csv") as file:
        file.write(b"email\nnew@example.org\n")
        file.flush()
        stored = take_up(Path(file.name), f"{mark}.csv", mailing_list)
    for kind in (ImportPartKind.WOULD_REFUSE, ImportPartKind.WOULD_FLAG):
        keep_rows(stored.pk, kind, 1, "2,x\n")
    with connection.cursor() as cursor:
        make_room(cursor, [now])
    count_and_keep(send)
    count_newsletter(newsletter)
    address = f"bounced@{name}.example"
    return {
        "newsletter": newsletter,
        "mailing_list": mailing_list,
        "issue": issue,
        "send": send,
        "batch": batch,
        "submission": submission,
        "theme": theme,
        "feed": feed,
        "story": story,
        "import": stored,
        "segment": segment,
        "snapshot": Snapshot.objects.create(slug=f"asia-{name}-1", segment=segment, rule=RULE, size=0),
        "topic": Topic.objects.create(slug=f"topic-{name}", name=f"Topic {name}"),
        "subscriber": reader,
        "event": Event.objects.create(sg_event_id=name, kind="open", at=now, payload={}),
        "alert": Alert.objects.create(kind="webhook_silent", subject=name, text="x"),
        "consent": Consent.objects.create(
            subscriber=reader, mailing_list=mailing_list, action="imported", source="file"
        ),
        "erasure": Erasure.objects.create(subscriber=left, by="staff", reason="x"),
        "suppression": Suppression.objects.create(address=address, reason="bounce"),
        "lifting": Lifting.objects.create(
            address=address, reason="bounce", suppressed_at=now, by="staff", because="x"
        ),
        "user": User.objects.create_user(f"user-{name}", f"user@{name}.example", is_staff=True),
    }
