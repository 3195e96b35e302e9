"""Sign-up as JSON, for a form that one's own site makes by itself: the same form, the same rules.

    GET   what the form asks for, and the wording that has to be shown with it
    POST  {"email": "anna@example.org", "wording": 3, "topics": ["ai"], "fields": {"company": "Example Ltd"}}

Browsers let other sites read the answers only where the list names them (MailingList.sign_up_origins).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from subscribers.brand import brand_of
from subscribers.language import speaking, spoken
from subscribers.models import MailingList
from subscribers.sign_up import limits
from subscribers.sign_up.body import BadBody, form_data, place_of
from subscribers.sign_up.form import HONEYPOT, SignUpForm
from subscribers.sign_up.views import open_list, take

LARGEST_BODY = 16 * 1024
"""Bytes."""
METHODS = "GET, HEAD, POST, OPTIONS"
HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
View = Callable[[HttpRequest, MailingList], HttpResponse]


def _api(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Find the list, let in the sites that it names, and give every answer the headers of the endpoint."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, slug: str) -> HttpResponse:
        mailing_list = open_list(slug)
        origin = request.headers.get("Origin", "")
        if mailing_list is None:
            response: HttpResponse = refusal(
                404, "no_such_form", "There is no open sign-up form at this address."
            )
        elif origin and origin != settings.PUBLIC_URL and origin not in mailing_list.sign_up_origins:
            response = refusal(
                403, "origin_not_allowed", "The list does not name this site among those that may call."
            )
        else:
            with speaking(_language(mailing_list)):
                response = view(request, mailing_list)
            if origin:
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Expose-Headers"] = "Retry-After"
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return wrapped


@_api
def endpoint(request: HttpRequest, mailing_list: MailingList) -> HttpResponse:
    """Describe the form, or sign up by it."""
    match request.method:
        case "OPTIONS":
            return _preflight()
        case "GET" | "HEAD":
            return JsonResponse(_description(SignUpForm(mailing_list)))
        case "POST":
            return _post(request, mailing_list)
        case _:
            response = refusal(405, "method_not_allowed", f"The endpoint takes {METHODS}.")
            response["Allow"] = METHODS
            return response


def refusal(status: int, code: str, message: str, **more: object) -> JsonResponse:
    """An error as JSON: a code that stays, a message for the person who can act on it."""
    return JsonResponse({"error": {"code": code, "message": message, **more}}, status=status)


def _post(request: HttpRequest, mailing_list: MailingList) -> HttpResponse:
    if request.content_type != "application/json":
        return refusal(415, "not_json", "Send the form as Content-Type: application/json.")
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return refusal(413, "too_large", f"The body is larger than {LARGEST_BODY} bytes.")
    try:
        data = form_data(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        return refusal(400, "malformed_json", f"The body is not JSON: {error}.")
    except BadBody as error:
        return _invalid(error.fields)
    posted = SignUpForm(mailing_list, data)
    if unknown := data.keys() - posted.fields.keys() - {HONEYPOT}:
        return _invalid({place_of(name): ["The form has no such field."] for name in unknown})
    try:
        take(request, posted, _source(request))
    except limits.TooMany as error:
        response = refusal(429, error.code, str(error))
        response["Retry-After"] = str(error.wait)
        return response
    if not posted.is_filled_trap and not posted.is_valid():
        return _invalid({place_of(name): list(map(str, each)) for name, each in posted.errors.items()})
    answer = {"status": "confirmation_needed"}
    if meant := posted.meant:
        answer["did_you_mean"] = meant
    return JsonResponse(answer, status=202)


def _invalid(fields: dict[str, list[str]]) -> JsonResponse:
    return refusal(422, "invalid", "Some fields need another look.", fields=fields)


def _description(form: SignUpForm) -> dict[str, Any]:
    """What a site has to know to make the form by itself."""
    fields = [
        {
            "name": place_of(name),
            "label": str(field.label),
            "required": field.required,
            **(
                {"choices": [{"value": value, "label": str(label)} for value, label in choices if value]}
                if (choices := getattr(field, "choices", None))
                else {}
            ),
        }
        for name, field in form.fields.items()
        if name != "wording"
    ]
    types = {f"fields.{own.key}": own.type for own in form.own}
    for each in fields:
        if each["name"] in types:
            each["type"] = types[each["name"]]
    wording = form.shown_wording
    return {
        "list": form.mailing_list.slug,
        "introduction": form.mailing_list.sign_up_intro,
        "fields": fields,
        "wording": {"version": wording.version, "text": wording.text} if wording else None,
    }


def _preflight() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "600",
        },
    )


def _source(request: HttpRequest) -> str:
    origin = request.headers.get("Origin", "")
    return f"JSON from {origin}" if origin else "JSON"


def _language(mailing_list: MailingList) -> str:
    brand = brand_of(mailing_list.pk)
    return spoken(brand.language if brand else "")
