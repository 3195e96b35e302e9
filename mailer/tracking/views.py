"""Where SendGrid posts its events: verify, store, answer."""

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mailer.sendgrid.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from mailer.tracking.intake import BadPost, store

log = structlog.get_logger()


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take a post of SendGrid's signed event webhook.

    Answers 204 once its events are committed, and otherwise what makes SendGrid try again for 24 hours: 403
    for a signature that none of SENDGRID_WEBHOOK_KEYS made, 413 for a body beyond DATA_UPLOAD_MAX_MEMORY_SIZE,
    400 for one that broke off or is no JSON array, 503 when PostgreSQL cannot be reached.
    """
    keys = settings.ENVIRONMENT.sendgrid_webhook_keys
    if not keys:
        log.error("webhook_refused", reason="SENDGRID_WEBHOOK_KEYS is not set, so nobody can be believed")
        return _answer(403, "This address takes no events yet.")
    signature, timestamp = request.headers.get(SIGNATURE_HEADER), request.headers.get(TIMESTAMP_HEADER)
    if not signature or not timestamp:
        log.warning("webhook_refused", reason="not signed")
        return _answer(403, "The post is not signed.")
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
    except (OperationalError, InterfaceError) as error:
        log.error("webhook_cannot_store", reason=type(error).__name__, size=len(body))
        return _answer(503, "The database cannot be reached. Try again later.")
    log.info("events_stored", events=count, size=len(body))
    return HttpResponse(status=204)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
