"""One's own account: what one may do here, and how one signs in."""

from typing import cast

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mailer.staff.access.wording import says
from mailer.staff.models import Role


@require_safe
@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """The page that leads to password, second factor and passkeys."""
    user = cast(User, request.user)
    roles = Role.objects.filter(user=user).select_related("newsletter")
    kinds = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    shown = {
        "title": "Account",
        "roles": [(role, says(role.name)) for role in roles],
        "app": Authenticator.Type.TOTP in kinds,
        "passkeys": list(kinds).count(Authenticator.Type.WEBAUTHN),
        "provider": settings.ENVIRONMENT.oidc_name if settings.ENVIRONMENT.oidc_server else "",
        "connected": SocialAccount.objects.filter(user=user).exists(),
        "factor_asked": settings.ENVIRONMENT.staff_second_factor,
    }
    return render(request, "account/home.html", shown)
