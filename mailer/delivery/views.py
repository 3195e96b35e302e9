"""The issue in the browser, as it was sent to one reader."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailer.delivery.editions import edition_of
from mailer.delivery.links import links_of
from mailer.delivery.models import Delivery
from mailer.delivery.requests import SUBSCRIBER_FIELDS
from mailer.issues.builder.personalise import personalise
from subscribers import tokens
from subscribers.tokens import BadToken, Scope

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)
"""A mail needs its own styles and images from anywhere, and nothing else: no script runs in it."""


@require_safe
def view_in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """Show the edition that the token's subscriber got, with their own values in it.

    Its link may be passed on, so the page holds none that changes the subscription: those of the mail itself do.
    """
    try:
        _, subscriber_id, send_id = tokens.read(Scope.VIEW, token)
        delivery = Delivery.objects.select_related("batch__edition", "subscriber", "send").get(
            send_id=send_id, subscriber_id=subscriber_id
        )
    except (BadToken, Delivery.DoesNotExist):  # whoever was taken out at the claim got nothing to show
        return render(request, "public/bad_link.html", status=404)
    subscriber = delivery.subscriber
    fields = {name: getattr(subscriber, name) for name in (*SUBSCRIBER_FIELDS, "attributes")}
    only_in_the_mail = f"{settings.PUBLIC_URL}/u/only-in-the-mail"  # a page that says where to find it
    own = links_of(delivery.send.mailing_list_id, send_id)(subscriber_id)
    links = {**dict.fromkeys(own, only_in_the_mail), "view": own["view"]}
    mail = personalise(edition_of(delivery.batch.issue_edition), {"subscriber": fields, "links": links})
    return HttpResponse(
        mail.html,
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "private, no-store",
        },
    )
