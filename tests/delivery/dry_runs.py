"""The dry run of a send, as its page and `mailer plan` tell it."""

from mailer.delivery.forecast.dry_run import forecast
from mailer.delivery.forecast.figures import Forecast
from mailer.delivery.forecast.foreseen import foreseen
from mailer.delivery.models import Send


def foresee(send: Send) -> Forecast:
    """What a send comes to: from the ledger when it is planned, else as it would be planned now."""
    with foreseen(send) as who:
        return forecast(who)
