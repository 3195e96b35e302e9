"""A worker that is killed while it reads SendGrid's suppression lists, and while it tells SendGrid."""

import time

import pytest

from mailer.delivery.models import PulledList, Removal
from mailer.delivery.tasks import pull_suppressions, tell_suppressions
from subscribers.models import Suppression
from subscribers.suppressing.add import suppress
from subscribers.suppressing.lift import lift
from tests.delivery.sendgrid_lists import entries, shown

pytestmark = pytest.mark.xdist_group("suppressions")

ENTRIES = 1_200


def test_killed_while_it_pulls_nothing_is_lost_and_read_again_from_the_start(installation) -> None:
    now = int(time.time())
    bounces = (
        {"kind": "bounces", "email": f"gone{n}@example.org", "created": now - n * 3600}
        for n in range(ENTRIES)
    )
    entries(installation.inbox, bounces)
    installation.inbox.fail("latency", path="/v3/suppression", count=None, seconds=0.4)
    installation.start("worker1")
    pull_suppressions.delay()
    installation.wait(lambda: Suppression.objects.exists(), "a first page is here")
    installation.kill("worker1")
    before = Suppression.objects.count()
    assert 0 < before < ENTRIES
    assert PulledList.objects.get(name="bounces").until.timestamp() < now - 3600

    installation.inbox.recover()
    installation.start("worker2")
    pull_suppressions.delay()
    installation.wait(lambda: Suppression.objects.count() == ENTRIES, "every entry is here")


def test_killed_while_it_tells_sendgrid_is_told_again(installation) -> None:
    entries(
        installation.inbox, [{"kind": "bounces", "email": "back@example.org", "created": int(time.time())}]
    )
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    lift("back@example.org", by="Anna", because="works again")
    suppress("press@example.org", Suppression.Reason.MANUAL)
    installation.inbox.fail("hang", path="/v3/suppression", count=1, seconds=30)
    installation.start("worker1")
    tell_suppressions.delay()
    installation.wait(
        lambda: installation.inbox.call("GET", "faults")["faults"][0]["hits"] == 1, "SendGrid is asked"
    )
    installation.kill("worker1")
    assert not Removal.objects.exists()

    installation.start("worker2")
    tell_suppressions.delay()
    installation.wait(lambda: Removal.objects.exists(), "the address is off SendGrid's lists")
    installation.wait(
        lambda: not Suppression.objects.filter(pushed_at=None).exists(), "SendGrid knows the other"
    )
    assert shown(installation.inbox, "bounces") == set()
    assert shown(installation.inbox, "unsubscribes") == {"press@example.org"}
