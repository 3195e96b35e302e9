"""The staff site's own pages for signing in and for passwords lead to those of django-allauth, and do nothing else.

Django's would take name and password without asking for a second factor.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


def sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """In place of the admin's login. Who is signed in already comes to the first page; 403 to who is not of the staff."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


def change_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """In place of the admin's page for one's own password."""
    return redirect("account_change_password")


def replace_the_admins() -> None:
    """Let the admin's addresses lead here."""
    admin.site.login = sign_in  # type: ignore[method-assign]
    admin.site.password_change = change_password  # type: ignore[method-assign,assignment]
