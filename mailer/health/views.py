"""What load balancers, watchers and Prometheus ask: whether the site works, whether all works, and all figures."""

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from mailer.health.checks import Check, look
from mailer.health.metrics import exposition
from mailer.health.readers import may_read


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while all is well that sending and following need, else 503. Why it is not, is told to whoever may see it."""
    found, open_to_all = look(), not may_read(request)
    told = {
        "ready": found.ready,
        "checks": {check.name: _told(check, open_to_all) for check in found.checks if check.needed},
        "warnings": {check.name: _told(check, open_to_all) for check in found.checks if not check.needed},
    }
    return JsonResponse(told, status=200 if found.ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures in Prometheus's text format, for whoever bears METRICS_TOKEN, or else for this machine."""
    if not may_read(request):
        refused = HttpResponse("You may not read the metrics.\n", status=401, content_type="text/plain")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _told(check: Check, open_to_all: bool) -> dict[str, bool | str]:
    return {"ok": check.ok} if open_to_all else {"ok": check.ok, "detail": check.detail}
