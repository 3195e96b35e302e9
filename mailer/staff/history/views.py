"""The audit log, for administrators of all newsletters: to read, to search, and as a file."""

from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.history.entries import KINDS, SIGN_IN, Asked, entries, kinds_of_things, page_of
from mailer.staff.history.rows import as_csv
from mailer.staff.numbers import number
from mailer.staff.page import page

RIGHT = "admin.view_logentry"


class AskedForm(forms.Form):
    """What the page's filters say."""

    q = forms.CharField(max_length=200, required=False, label="Search")
    who = forms.ModelChoiceField(User.objects.order_by("username"), required=False, empty_label="Everybody")
    what = forms.ChoiceField(
        choices=[
            ("", "Everything"),
            *((kind, kind.capitalize()) for kind in KINDS),
            (SIGN_IN, "Sign-in and own account"),
        ],
        required=False,
    )
    about = forms.ModelChoiceField(kinds_of_things(), required=False, empty_label="Anything")
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about: Any = self.fields["about"]
        about.label_from_instance = lambda kind: kind.name.capitalize()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", "This day is before the first one.")
        return given

    def asked(self) -> Asked:
        """What is asked for; what cannot be read is left out, and said beside its field."""
        self.is_valid()
        given = self.cleaned_data
        return Asked(
            given.get("who"),
            given.get("what", ""),
            given.get("about"),
            given.get("q", ""),
            given.get("since"),
            given.get("until"),
        )


@require_safe
@needs(RIGHT)
def audit(request: HttpRequest) -> HttpResponse:
    """A page of the log, newest first; ?before= the number of an entry leads on to older ones."""
    form = AskedForm(request.GET)
    before = number(request.GET.get("before"))
    return page(
        request,
        "staff/history/audit.html",
        "Audit log",
        form=form,
        page=page_of(form.asked(), before),
        first=before is None,
        filtered=any(value for name, value in request.GET.items() if name != "before"),
        filter=_without_before(request.GET),
    )


@require_POST
@needs(RIGHT)
def audit_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """What the filters name, as a file. That somebody took it is written into the log too."""
    form = AskedForm(request.POST)
    asked = form.asked()
    user = cast(User, request.user)
    record(user, user, "Exported the audit log.")
    response = StreamingHttpResponse(as_csv(entries(asked)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _without_before(given: QueryDict) -> str:
    left = given.copy()
    left.pop("before", None)
    return left.urlencode()
