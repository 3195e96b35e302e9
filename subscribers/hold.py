"""Having all that is done to one person wait for each other."""

from subscribers.models import Subscriber


def hold(subscriber_id: int) -> bool:
    """Hold a person until the transaction ends: whoever changes, erases or asks something of them waits.

    Returns: False for somebody who is erased or was never there.
    """
    # Not for its key: records that point to the row are written meanwhile.
    return Subscriber.objects.select_for_update(no_key=True).filter(pk=subscriber_id, erased_at=None).exists()
