"""Who may see figures and details of the installation: whoever has the token, or else this machine alone."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_VIA")
"""What proxies write into a request."""


def may_read(request: HttpRequest) -> bool:
    """Whether a request bears METRICS_TOKEN; where that is not set, whether it was sent on this machine."""
    if token := settings.ENVIRONMENT.metrics_token:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}")
    return is_from_here(request)


def is_from_here(request: HttpRequest) -> bool:
    """Whether a request was sent on this machine to this process, with no proxy between.

    A proxy on the same machine has a loopback address too, whoever it speaks for, and need not be named in PROXIES: what
    any proxy wrote something into is not from here.
    """
    if any(header in request.META for header in PASSED_ON):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
