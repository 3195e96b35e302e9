"""Events that cannot be folded: they hold nobody up, are not lost, and are told of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from mailer.tracking.alerts.look import look
from mailer.tracking.aside import lies_in_events
from mailer.tracking.fold import fold_events
from mailer.tracking.lag import Lag, lag
from mailer.tracking.models import Event, Post, RefusedItem
from mailer.tracking.replay import rebuild
from mailer.tracking.retention import delete_events
from mailer.tracking.tasks import fold, fold_again
from tests.tracking.ledger import Ledger, make_send
from tests.tracking.test_fold import at, keep

pytestmark = pytest.mark.django_db


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def no_bounces() -> None:
    """PostgreSQL takes no bounce any more, as if our code wrote something that a constraint forbids."""
    execute("ALTER TABLE delivery_delivery ADD CONSTRAINT no_bounce CHECK (bounced_at IS NULL)")


@pytest.fixture
def ledger() -> Ledger:
    return make_send(3)


def test_events_that_cannot_be_folded_are_set_aside_whole_and_all_others_are_folded(ledger: Ledger) -> None:
    poison = [ledger.event("bounce", who, type="bounce") for who in (0, 2)]
    no_bounces()
    keep([ledger.event("delivered", 0)])
    keep([ledger.event("open", 1), poison[0], 17, poison[1], ledger.event("delivered", 1)])
    keep([ledger.event("delivered", 2)])
    fold()
    assert Event.objects.count() == 4
    assert [ledger.delivery(who).delivered_at for who in range(3)] == [at(60)] * 3
    aside = Post.objects.get()
    assert (orjson.loads(aside.body), aside.events) == (poison, 2)
    assert aside.trouble.startswith("CheckViolation, no_bounce, facts.py:")
    assert [refused.item for refused in RefusedItem.objects.all()] == ["17"]
    assert lag() == Lag(0, 0, 0.0)
    assert fold_events() == 0


def test_an_event_that_meets_another_one_again_and_again_is_set_aside(ledger: Ledger) -> None:
    """Nobody else folds: PostgreSQL will say so for ever."""
    execute("CREATE UNIQUE INDEX one_bounce ON delivery_delivery (bounce_class)")
    keep([ledger.event("bounce", who, type="bounce") for who in range(2)])
    keep([ledger.event("delivered")])
    fold()
    assert ledger.delivery().delivered_at == at(60)
    aside = Post.objects.get()
    assert (aside.events, aside.trouble.split(", ")[:2]) == (1, ["UniqueViolation", "one_bounce"])


@pytest.fixture
def no_clicks(transactional_db: None) -> Iterator[None]:
    """PostgreSQL takes no click any more, and says so only where a transaction ends, as with foreign keys."""
    execute(
        """
        CREATE FUNCTION no_click() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING ERRCODE = '23503'; END $$;
        CREATE CONSTRAINT TRIGGER no_click AFTER INSERT ON tracking_click
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no_click();
        """
    )
    yield
    execute("DROP FUNCTION no_click CASCADE")


@pytest.mark.usefixtures("no_clicks")
def test_events_that_fail_only_at_the_end_of_a_transaction_are_set_aside_too() -> None:
    ledger = make_send(1)
    keep([ledger.event("delivered"), ledger.event("click", url="https://example.org/tea")])
    fold()
    assert ledger.delivery().delivered_at == at(60)
    assert Post.objects.get().trouble


def test_they_are_an_alert_until_they_can_be_folded(ledger: Ledger) -> None:
    no_bounces()
    keep([ledger.event("bounce", type="bounce")])
    fold()
    (wrong,) = look(timezone.now())
    assert wrong.kind == "events_set_aside"
    assert "1 event in 1 post" in wrong.text
    fold_again()
    fold()
    assert Post.objects.get().trouble, "tried again in vain, it is still aside"
    execute("ALTER TABLE delivery_delivery DROP CONSTRAINT no_bounce")
    fold()
    assert ledger.delivery().bounced_at is None, "it waits until it is tried again"
    fold_again()
    fold()
    assert ledger.delivery().bounced_at == at(60)
    assert not list(look(timezone.now()))


def test_a_post_that_cannot_be_read_is_set_aside_as_it_came(ledger: Ledger) -> None:
    """It came when the clock stood at the end of all time, so that a week later cannot be reckoned."""
    body = orjson.dumps([ledger.event("open")])
    Post.objects.create(received_at=datetime(9999, 12, 31, tzinfo=UTC), events=1, body=body)
    keep([ledger.event("delivered")])
    fold()
    assert ledger.delivery().delivered_at == at(60)
    aside = Post.objects.get()
    assert (bytes(aside.body), aside.events) == (body, 1)
    assert aside.trouble.startswith("OverflowError, intake.py:")


def test_a_replay_tries_them_again(ledger: Ledger) -> None:
    no_bounces()
    keep([ledger.event("bounce", type="bounce")])
    fold()
    execute("ALTER TABLE delivery_delivery DROP CONSTRAINT no_bounce")
    assert rebuild() == 1
    assert ledger.delivery().bounced_at == at(60)


def test_what_is_set_aside_is_kept_as_long_as_events_are(ledger: Ledger) -> None:
    no_bounces()
    keep([ledger.event("bounce", type="bounce")])
    fold()
    keep([ledger.event("delivered")])
    delete_events(timezone.now() - timedelta(days=1))
    assert Post.objects.count() == 2
    delete_events(timezone.now() + timedelta(days=1))
    assert not Post.objects.get().trouble, "what only waits is never deleted"


def test_a_database_that_is_not_migrated_sets_nothing_aside(ledger: Ledger) -> None:
    execute("ALTER TABLE delivery_delivery RENAME COLUMN bounced_at TO bounced_on")
    keep([ledger.event("bounce", type="bounce")])
    with pytest.raises(Exception, match="bounced_at"):
        fold_events()
    assert not Post.objects.get().trouble


def test_a_lost_connection_is_no_fault_of_events() -> None:
    assert not lies_in_events(OperationalError("the connection is lost"))
