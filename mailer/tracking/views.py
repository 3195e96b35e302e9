"""Where SendGrid posts its events: verify, store, answer."""

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mailer.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify, well_formed
from mailer.tracking.intake import store
from mailer.tracking.post_json import BadPost
from mailer.vitals.counting import count_post

log = structlog.get_logger()


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take a post of SendGrid's signed event webhook.

    Answers 204 once its events are committed, and otherwise what makes SendGrid try again for 24 hours: 403
    for a signature that none of SENDGRID_WEBHOOK_KEYS made, 411 for a body of untold length, 413 for one beyond
    DATA_UPLOAD_MAX_MEMORY_SIZE, 400 for one that broke off or is no JSON array, 503 when PostgreSQL cannot store it.
    What the headers tell is looked at before the body is read.
    """
    keys = settings.ENVIRONMENT.sendgrid_webhook_keys
    if not keys:
        log.error("webhook_refused", reason="SENDGRID_WEBHOOK_KEYS is not set, so nobody can be believed")
        return _answer(403, "This address takes no events yet.")
    signature, timestamp = request.headers.get(SIGNATURE_HEADER), request.headers.get(TIMESTAMP_HEADER)
    if not signature or not timestamp:
        log.warning("webhook_refused", reason="not signed")
        return _answer(403, "The post is not signed.")
    if not well_formed(signature, timestamp):
        log.warning("webhook_refused", reason="malformed signature")
        return _answer(403, "The signature is wrong.")
    if not request.headers.get("Content-Length"):
        log.warning("webhook_refused", reason="no length")
        return _answer(411, "The post needs a Content-Length.")
    try:
        body = request.body
    except RequestDataTooBig:
        log.warning("webhook_refused", reason="too large", length=request.headers.get("Content-Length"))
        return _answer(413, "The post is too large.")
    except UnreadablePostError:
        log.warning("webhook_refused", reason="broke off")
        return _answer(400, "The post broke off.")
    if not verify(keys, signature, timestamp, body):
        log.warning("webhook_refused", reason="wrong signature", size=len(body))
        return _answer(403, "The signature is wrong.")
    return _keep(body)


def _keep(body: bytes) -> HttpResponse:
    try:
        count = store(body)
    except BadPost as error:
        log.warning("webhook_refused", reason=str(error), size=len(body))
        return _answer(400, str(error))
    except Error as error:
        # Away, read-only, out of space: SendGrid has the events still, and no other answer keeps them there.
        log.error("webhook_cannot_store", reason=type(error.__cause__ or error).__name__, size=len(body))
        return _answer(503, "The database cannot store it now. Try again later.")
    log.info("events_stored", events=count, size=len(body))
    count_post(204, count)
    return HttpResponse(status=204)


def _answer(status: int, text: str) -> HttpResponse:
    count_post(status)
    return HttpResponse(text, status=status, content_type="text/plain")
