"""A letter enters the ledger in the transaction that asks for it: as a batch of its own, to one person."""

from mailer.delivery.models import Batch
from subscribers.models import Letter
from subscribers.signals import asked


def enter(sender: object, letter: Letter, **_: object) -> None:
    """Write the batch that carries a letter. Called by the signal `asked`."""
    Batch.objects.create(letter=letter, subscriber_ids=[letter.subscriber_id])


def listen() -> None:
    """From now on every letter that is asked for gets its batch."""
    asked.connect(enter, dispatch_uid="letters enter the ledger")
