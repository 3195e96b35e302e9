"""How far folding is behind, and when SendGrid last posted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.lag import Lag, lag, last_post_at
from mailer.tracking.models import Event, Post

pytestmark = pytest.mark.django_db


def test_nothing_waits_where_nothing_came():
    assert lag() == Lag(events=0, posts=0, seconds=0.0)
    assert last_post_at() is None


def test_what_waits_is_counted_with_the_age_of_the_oldest():
    store(b'[{"event":"open"},{"event":"click"}]')
    store(b'[{"event":"open"}]')
    Post.objects.filter(events=2).update(received_at=timezone.now() - timedelta(seconds=90))
    now = lag()
    assert (now.events, now.posts) == (3, 2)
    assert 90 <= now.seconds < 120
    assert last_post_at() == Post.objects.get(events=1).received_at


def test_what_is_folded_waits_no_more_and_still_tells_when_the_last_post_came():
    store(b'[{"event":"open","timestamp":1772442000}]')
    received = Post.objects.get().received_at
    fold_events()
    assert lag() == Lag(events=0, posts=0, seconds=0.0)
    assert last_post_at() == received
    assert Event.objects.get().at < received


def test_a_clock_that_was_set_back_gives_no_negative_lag():
    store(b'[{"event":"open"}]')
    Post.objects.update(received_at=timezone.now() + timedelta(hours=1))
    assert lag().seconds == 0
