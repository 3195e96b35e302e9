"""Mailing somebody the link to their own preferences, when all they have is their address."""

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Lower

from subscribers.models import LetterKind, Subscription, SubscriptionState
from subscribers.sparingly import ask_sparingly


def send_link(address: str, mailing_list_id: int | None = None) -> bool:
    """Have the letter with the link written, where the address is known.

    The link is to one list: the one given if they were ever on it, else the one they are on, the newest first.
    The page that it leads to shows the others.

    Args:
        address: as somebody typed it; whose it is, nobody has shown.
    Returns: whether a letter will be written. Whoever asked must not be told.
    """
    on_it = Case(
        *(
            When(state=state, then=Value(place))
            for place, state in enumerate(
                (SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED)
            )
        ),
        output_field=IntegerField(),
    )
    found = (
        Subscription.objects.alias(small=Lower("subscriber__email"))
        .filter(small=Lower(Value(address)), subscriber__erased_at=None)
        .order_by(
            Case(When(mailing_list_id=mailing_list_id, then=Value(0)), default=Value(1)), on_it, "-created_at"
        )
        .first()
    )
    if found is None:
        return False
    return ask_sparingly(LetterKind.LINK, found.subscriber_id, found.mailing_list_id)
