"""Stories of feeds that nobody wanted go after a time; whatever somebody touched stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.issues.backlog.forget import forget, forgotten
from mailer.issues.backlog.move import put_into
from mailer.issues.editing.rows import document_of
from mailer.issues.editing.save import Wanted, save
from mailer.issues.models import Feed, FeedEntry, Story
from mailer.tracking.retention import rules
from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db


def test_only_what_a_feed_brought_and_nobody_touched_goes():
    issue, user = make_issue(), somebody("editor")
    feed = Feed.objects.create(newsletter=issue.newsletter, url="https://www.example.org/feed")
    old = timezone.now() - timedelta(days=91)

    def story(headline: str, *, brought: bool = True, **fields: object) -> Story:
        made = Story.objects.create(
            newsletter=issue.newsletter, headline=headline, body="x", **{"created_at": old, **fields}
        )
        if brought:
            FeedEntry.objects.create(feed=feed, key=headline, story=made)
        return made

    story("old")
    story("new", created_at=timezone.now())
    story("touched", touched_at=old)
    story("by hand", brought=False)
    story("captured", brought=False, created_by=user)
    used = story("was in an issue")
    put_into(issue, [used], user)
    document = document_of(issue)
    kept = document.stories[:-1]
    issue.refresh_from_db()
    from dataclasses import replace

    save(issue.pk, Wanted(issue.revision, replace(document, stories=kept), frozenset({used.pk})), user)
    assert Story.objects.get(pk=used.pk).newsletter == issue.newsletter

    [rule] = [rule for rule in rules() if rule.variable == "RETENTION_BACKLOG"]
    assert (rule.days, rule.count(rule.before)) == (90, 1)
    assert [each.headline for each in forgotten(rule.before)] == ["old"]
    assert (forget(rule.before, 10), forget(rule.before, 10)) == (1, 0)
    assert FeedEntry.objects.get(key="old").story is None
    assert issue.newsletter.backlog.count() == 5
