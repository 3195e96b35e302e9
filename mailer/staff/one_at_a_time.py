"""What takes long for whoever wants it, once at a time for each user: several at once would leave no thread for others."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from subscribers.advisory_lock import held

Act = Callable[..., HttpResponseBase]


def one_at_a_time(lock: int) -> Callable[[Act], Act]:
    """A view in JSON that answers 429 while an older request of the same user is under way.

    Args:
        lock: what is done one at a time, of PostgreSQL's advisory locks. A process that is killed leaves none behind.
    """

    def guarded(view: Act) -> Act:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with held(lock, request.user.pk or 0) as free:
                if free:
                    return view(request, *args, **kwargs)
            busy = "What you asked for before is still under way: try again when it is done."
            return JsonResponse({"code": "busy", "message": busy}, status=429)

        return answer

    return guarded
