"""Workers that are killed in the middle of an import: no half-imported row, and the next one goes on."""

import signal
import threading

import pytest
from django.db import connection, connections

from subscribers.importing.carry_out import carry_out
from subscribers.importing.chunks import ROWS
from subscribers.importing.lock import held_ones
from subscribers.importing.merge import ONE_AT_A_TIME
from subscribers.importing.register import register
from subscribers.importing.summary import summary_of
from subscribers.models import Consent, ImportedRow, MailingList, Subscriber, Subscription
from tests.tracking.ledger import make_people

pytestmark = pytest.mark.xdist_group("killed import")
PEOPLE = ROWS + 100


class MergeLock:
    """The lock that a chunk needs to be merged: while the test holds it, workers stand still."""

    def __init__(self, installation):
        self.installation = installation

    def take(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])

    def give(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])

    def wanted(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1"
                " AND ((classid::bigint << 32) | objid::bigint) = %s",
                [ONE_AT_A_TIME],
            )
            return cursor.fetchone()[0] > 0

    def let_one_chunk_through(self):
        """Give it to who waits, and stand in the queue behind: whoever waits is served first."""
        self.give()
        self.take()

    def wait_until_wanted(self):
        self.installation.wait(self.wanted, "a worker wants to merge a chunk")


@pytest.fixture
def merging(installation):
    lock = MergeLock(installation)
    lock.take()
    yield lock
    connections.close_all()


@pytest.fixture
def stored(installation, tmp_path):
    """An import of two chunks, that waits for a worker; half of its people are known."""
    weekly = MailingList.objects.create(slug="weekly", name="Weekly")
    make_people([f"p{n}@example.org" for n in range(0, PEOPLE, 2)])
    path = tmp_path / "people.csv"
    with path.open("w") as file:
        file.write("email,first name\n")
        file.writelines(f"p{n}@example.org,Anna\n" for n in range(PEOPLE))
    return register(path, weekly)


def imported() -> tuple[int, int, int, int]:
    """How many people there are of whom each of the parts of an imported row is there."""
    return (
        Subscriber.objects.filter(first_name="Anna").count(),
        Subscription.objects.count(),
        Consent.objects.count(),
        ImportedRow.objects.count(),
    )


def test_killed_in_a_chunk_it_leaves_nothing_of_it_and_the_next_worker_goes_on(installation, stored, merging):
    installation.start("worker1", "beat")
    merging.wait_until_wanted()
    merging.let_one_chunk_through()
    assert imported() == (ROWS,) * 4
    merging.wait_until_wanted()
    assert held_ones() == {stored.pk}
    installation.kill("worker1")
    merging.give()
    installation.wait(lambda: held_ones() == set(), "the database notices that the worker is gone")
    assert imported() == (ROWS,) * 4
    stored.refresh_from_db()
    assert (stored.state, stored.rows_read) == ("running", ROWS)

    installation.start("worker2")
    installation.wait(lambda: is_done(stored), "another worker ends it")
    assert imported() == (PEOPLE,) * 4
    summary = summary_of(stored)
    assert (summary.rows, summary.imported, summary.merged_with_store) == (PEOPLE, PEOPLE // 2, PEOPLE // 2)
    assert summary.adds_up


def test_a_worker_that_is_told_to_stop_hands_over_between_chunks(installation, stored, merging):
    installation.start("worker1", "beat")
    merging.wait_until_wanted()
    installation.tell("worker1", signal.SIGTERM)
    merging.let_one_chunk_through()
    merging.give()
    installation.end("worker1")
    stored.refresh_from_db()
    assert (stored.state, stored.rows_read) == ("running", ROWS)
    installation.start("worker2")
    installation.wait(lambda: is_done(stored), "another worker ends it")
    assert imported() == (PEOPLE,) * 4


def test_a_command_that_is_killed_is_gone_on_with_by_a_worker(installation, stored, merging):
    stored.state = "stopped"
    stored.save(update_fields=["state"])
    installation.start_command("import", "import", "--resume", str(stored.pk))
    merging.wait_until_wanted()
    merging.let_one_chunk_through()
    installation.kill("import")
    merging.give()
    installation.start("worker1", "beat")
    installation.wait(lambda: is_done(stored), "a worker ends it")
    assert imported() == (PEOPLE,) * 4


def test_ctrl_c_stops_it_and_says_how_it_goes_on(installation, stored, merging):
    stored.state = "stopped"
    stored.save(update_fields=["state"])
    installation.start_command("import", "import", "--resume", str(stored.pk))
    merging.wait_until_wanted()
    merging.let_one_chunk_through()
    merging.wait_until_wanted()
    assert installation.kill("import", signal.SIGINT) == 130
    merging.give()
    stored.refresh_from_db()
    assert (stored.state, stored.rows_read) == ("stopped", ROWS)
    assert imported() == (ROWS,) * 4
    said = " ".join(installation.log("import").split())
    assert f"stopped after {ROWS:,} rows, which stay imported" in said
    assert f"mailer import --resume {stored.pk}" in said


def test_two_workers_get_the_same_task_and_one_does_it(installation, stored):
    threads = [threading.Thread(target=_carry_out, args=(stored.pk,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_done(stored)
    assert imported() == (PEOPLE,) * 4


def _carry_out(import_id: int) -> None:
    try:
        carry_out(import_id)
    finally:
        connections.close_all()


def is_done(stored) -> bool:
    stored.refresh_from_db()
    return stored.state == "done"
