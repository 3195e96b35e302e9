"""An issue goes out to the emulator, its events come back over HTTP, and the report says what became of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import timezone

from mailer.delivery import submit
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.emulator.config import LOCAL_API_KEY, EmulatorConfig, EmulatorWorld, EventDelivery
from mailer.emulator.links import plain_address, tracked_links
from mailer.emulator.server import EmulatorServer
from mailer.emulator.world import Fate, fate
from mailer.local.waiting import wait_until
from mailer.tracking.fold import fold_events
from mailer.tracking.models import Post
from mailer.tracking.reports.count import report
from tests.inbox import Inbox
from tests.newsroom import crowd, make_issue
from tests.tracking.posts import PATH

WORLD = EmulatorWorld(
    seed=7,
    drop=0.05,
    invalid=0.05,
    hard_bounce=0.1,
    block=0.1,
    deferral=0.3,
    human_open=0.6,
    machine_open=0.4,
    click=0.4,
    complaint=0.1,
    unsubscribe=0.1,
    prefetch=0.1,
    scanner=0.3,
)


@pytest.fixture
def lively_inbox(settings, live_server) -> Iterator[Inbox]:
    """An emulator whose readers do a lot, and that reports it twice and in disorder."""
    config = EmulatorConfig(
        port=0,
        webhook_url=live_server.url + PATH,
        world=WORLD,
        delivery=EventDelivery(batch_size=40, batch_seconds=0.05, duplicate_rate=0.3, out_of_order=True),
    )
    with EmulatorServer(config) as server:
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT,
            sendgrid_host=server.url,
            sendgrid_api_key=LOCAL_API_KEY,
            sendgrid_webhook_keys=(server.public_key,),
            sendgrid_timeout=5.0,
        )
        submit.sendgrid.cache_clear()
        yield Inbox(server.url)
        submit.sendgrid().close()
        submit.sendgrid.cache_clear()


def fates(inbox: Inbox) -> list[tuple[Fate, set[str]]]:
    """What the emulator has decided for each message, worked out anew: its fate and the addresses clicked."""
    found = []
    for message in inbox.messages(full=True):
        links = [plain_address(link) for link in tracked_links(message["html"])]
        decided = fate(WORLD, message["to"], message["subject"], len(links))
        found.append((decided, {links[click.link] for click in decided.clicks}))
    return found


@pytest.mark.django_db(transaction=True)
def test_the_report_says_what_became_of_every_message(lively_inbox):
    issue = make_issue(topics=("ai", "policy"))
    crowd(issue.newsletter.mailing_list, 150)
    send = send_of(issue)
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    # SendGrid takes the only request and its answer is lost: the batch is unknown until its events come.
    lively_inbox.fail("reset_after")
    submit.submit(Batch.objects.get().pk)
    assert Batch.objects.get().state == "unknown"

    def all_told() -> bool:
        while fold_events():
            pass
        told = lively_inbox.call("GET", "events/pending")["idle"]
        return bool(told) and not Post.objects.exists()

    assert wait_until(all_told, 60)
    decided = fates(lively_inbox)
    expected = [one for one, _ in decided]
    figures = report(send)
    totals = figures.totals
    assert figures.adds_up
    assert figures.identity.accepted == len(expected) == 150
    assert Submission.objects.get().evidence == "event"
    assert totals.delivered == sum(one.outcome == "delivered" for one in expected)
    assert totals.hard == sum(one.outcome == "hard_bounce" for one in expected)
    assert totals.blocked == sum(one.outcome == "block" for one in expected)
    assert totals.dropped == sum(one.outcome in ("drop", "invalid") for one in expected)
    assert totals.deferred == sum(bool(one.deferrals) for one in expected)
    assert totals.opened == sum(any(not each.machine for each in one.opens) for one in expected)
    assert totals.machine_opened == sum(any(each.machine for each in one.opens) for one in expected)
    assert totals.clicked == sum(bool(one.clicks) for one in expected) > 20
    assert totals.machine_clicked == sum(bool(one.scans) for one in expected) > 20
    assert totals.complained == sum(one.complaint_after is not None for one in expected)
    assert totals.unsubscribed == sum(one.unsubscribe_after is not None for one in expected)
    assert totals.silent == 0
    clicked = Counter(address for _, addresses in decided for address in addresses)
    assert {link.url: link.people for link in figures.links if link.people} == clicked
