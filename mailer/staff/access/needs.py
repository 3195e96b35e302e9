"""How a view asks for a right."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
View = Callable[..., HttpResponseBase]


def needs(
    right: str | None, of: type[Model] | None = None
) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """A view for who has a right: anybody else is sent to sign in, or answered 403.

    A script that asks for JSON is not sent to a page: it is answered 401, and keeps what somebody typed.

    Args:
        right: such as `issues.change_issue`; None: everybody of the staff, whatever their roles.
        of: the model of what the page is about: the view's first argument in its address is the number of one, and
            the view is given the row itself in its place. 404 where there is none, 403 where it is not theirs.
            Without it the right is asked for as such.
    """

    def guarded(view: Callable[..., HttpResponseBase]) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not admin.site.has_permission(request):
                if request.user.is_authenticated:
                    raise PermissionDenied
                if wants_json(request):
                    return JsonResponse({"code": "signed_out"}, status=401)
                if (
                    request.headers.get("HX-Request") == "true"
                ):  # a part of a page: no page to sign in belongs there
                    return HttpResponse(status=401, headers={"HX-Trigger": "signed-out"})
                return redirect_to_login(request.get_full_path(), "admin:login")
            if of is None:
                if right is not None and not request.user.has_perm(right):
                    raise PermissionDenied
                return view(request, *args, **kwargs)
            name, number = next(iter(kwargs.items()))
            about = get_object_or_404(of._default_manager, pk=number)
            if right is not None and not request.user.has_perm(right, about):
                raise PermissionDenied
            return view(request, **{**kwargs, name: about})

        answer.needs = right  # type: ignore[attr-defined]  # for the test that looks whether each view asks
        return never_cache(answer)

    return guarded


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, which can do nothing with a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
