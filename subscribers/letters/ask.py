"""Asking for a letter: a row, written in the transaction of the act that calls for it.

If the act is rolled back there is no letter; if it is committed the letter goes out, whatever is killed in between.
"""

from django.db import transaction

from subscribers.models import Letter, LetterKind
from subscribers.signals import asked


def ask(
    kind: LetterKind,
    subscriber_id: int,
    mailing_list_id: int,
    *,
    address: str = "",
    reference: int | None = None,
) -> Letter:
    """Have a letter written to a subscriber, in the name of a list's newsletter. Whether it is asked for too often
    is for the caller to know.

    Args:
        kind: what it is about; the links in it follow from that (see compose.py).
        address: where it goes; "" for the subscriber's own address as it is when the letter leaves.
        reference: what it is about, in the numbering of whoever asks: for ADDRESS the number of the change, for CONFIRM
            when its link expires (unix seconds; the link opens the sign-up of this time and no other).
    Raises:
        ValueError: a CONFIRM letter without the end of its link, or an ADDRESS letter without its address or its change.
    """
    if kind == LetterKind.CONFIRM and not reference:
        raise ValueError("A letter that confirms a sign-up needs the second at which its link expires.")
    if kind == LetterKind.ADDRESS and not (address and reference):
        raise ValueError(
            "A letter that confirms a new address needs the address and the number of the change."
        )
    with transaction.atomic():
        letter = Letter.objects.create(
            kind=kind,
            subscriber_id=subscriber_id,
            mailing_list_id=mailing_list_id,
            address=address,
            reference=reference,
        )
        asked.send(sender=None, letter=letter)
    return letter
