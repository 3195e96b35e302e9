"""Pausing a send and letting it go on. Both take effect with the next claim."""

from django.utils import timezone

from mailer.delivery.models import Send


def pause(send_id: int, reason: str) -> bool:
    """Let no batch of the send out any more. Returns False when it was paused already."""
    running = Send.objects.filter(pk=send_id, paused_at=None)
    return running.update(paused_at=timezone.now(), paused_because=reason) == 1


def resume(send_id: int) -> bool:
    """Let the send go on. Returns False when it was not paused."""
    return (
        Send.objects.filter(pk=send_id).exclude(paused_at=None).update(paused_at=None, paused_because="") == 1
    )
