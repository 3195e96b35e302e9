"""Letters that can be asked for with a press of a button: one of a kind an hour, whoever presses it how often."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from subscribers.hold import hold
from subscribers.letters.ask import ask
from subscribers.models import Letter, LetterKind

AT_MOST_EVERY = timedelta(hours=1)


@transaction.atomic
def ask_sparingly(kind: LetterKind, subscriber_id: int, mailing_list_id: int) -> bool:
    """Have a letter written to somebody's own address, unless they were sent one of the kind within the hour.

    Returns: True when it will be written, False when one was, or when there is nobody of that number.
    """
    # So two requests at once see each other's letter.
    if not hold(subscriber_id):
        return False
    since = timezone.now() - AT_MOST_EVERY
    if Letter.objects.filter(kind=kind, subscriber_id=subscriber_id, created_at__gt=since).exists():
        return False
    ask(kind, subscriber_id, mailing_list_id)
    return True
