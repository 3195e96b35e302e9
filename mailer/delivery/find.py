"""Finding the send that somebody names on the command line."""

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send


class NoSuchSend(DeliveryError):
    """The message names the sends there are."""

    code = "no_such_send"


def find_send(name: str) -> Send:
    """The send that `name` stands for: its number, or `latest`, which is no welcome's.

    Raises:
        NoSuchSend: there is none of that name.
    """
    sends = Send.objects.select_related("issue__newsletter")
    if name == "latest":
        send = sends.filter(rolling=False).order_by("-id").first()
    else:
        send = sends.filter(pk=name).first() if name.isdecimal() and len(name) < 19 else None
    if send is None:
        there_are = ", ".join(f"{send.pk} ({send.issue})" for send in sends.order_by("-id")[:5])
        raise NoSuchSend(
            f"There is no send {name!r}. "
            + (f"The newest are: {there_are}." if there_are else "There are none yet.")
        )
    return send
