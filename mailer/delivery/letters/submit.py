"""Submitting a letter: like any batch it waits for its turn, is claimed, goes out in one request and is recorded."""

import structlog
from django.db import DatabaseError

from mailer.delivery.claim import Claim
from mailer.delivery.letters.claim import claim_letter, put_back
from mailer.delivery.submit import make_request
from mailer.sendgrid.errors import SendGridError

log = structlog.get_logger()


def submit_letter(batch_id: int) -> bool:
    """Submit the batch of a letter if it is waiting and due; otherwise do nothing. Safe to call twice, see submit.

    Returns: whether a request was made.
    """
    return make_request(batch_id, 1, _claim)


def _claim(batch_id: int) -> Claim | None:
    try:
        return claim_letter(batch_id)
    except SendGridError as error:
        reason = f"{error.code}: {error.message}"
    except DatabaseError:
        raise  # the sweep hands it out again
    except Exception as error:
        log.exception("letter_claim_failed", batch=batch_id)
        reason = f"It cannot be made into a request ({type(error).__name__})."
    put_back(batch_id, reason)
    return None
