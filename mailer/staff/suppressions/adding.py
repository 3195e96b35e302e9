"""Entering addresses that must get nothing: one, or many that are pasted."""

import re
from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, record
from mailer.staff.page import page
from subscribers.models import Suppression, SuppressionReason
from subscribers.suppressing.add import suppress
from subscribers.suppressing.errors import CannotSuppress

MOST = 1_000
"""Addresses at once. More are a file: an import of people whose status says it."""
LONGEST = 330 * MOST
"""Characters."""


class AddForm(forms.Form):
    """Addresses, one a line or with commas between, why, and a note for the record."""

    addresses = forms.CharField(
        max_length=LONGEST, error_messages={"required": "Write at least one address."}
    )
    reason = forms.ChoiceField(choices=SuppressionReason.choices, initial=SuppressionReason.MANUAL)
    detail = forms.CharField(max_length=1_000, required=False)

    def clean_addresses(self) -> list[str]:
        given = re.split(r"[\r\n,;]", self.cleaned_data["addresses"])
        found = list(dict.fromkeys(address for each in given if (address := each.strip())))
        if not found:
            raise forms.ValidationError("Write at least one address.")
        if len(found) > MOST:
            raise forms.ValidationError(
                f"These are {len(found):,} addresses, and {MOST:,} at most are taken at once. Import a file with a status "
                "column for more."
            )
        return found


@dataclass
class Done:
    """How many addresses were added, how many were suppressed for that before, and what is no address, with why."""

    added: int = 0
    known: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.add_suppression")
def add(request: HttpRequest) -> HttpResponse:
    """Enter addresses. What is no address stays on the page, with the reason; the others are taken."""
    form = AddForm(request.POST if request.method == "POST" else None)
    done = Done()
    if request.method == "POST" and form.is_valid():
        reason, detail = SuppressionReason(form.cleaned_data["reason"]), form.cleaned_data["detail"]
        done = _suppress(form.cleaned_data["addresses"], reason, detail)
        if done.added:
            # Addresses stand in the list itself; here, where an erasure does not reach, only how many.
            record(
                request.user, Suppression, f"Suppressed {done.added:,} addresses: {reason.label}.", ADDITION
            )
        if not done.wrong:
            messages.success(request, _said(done))
            return redirect("staff:suppressions")
    return page(
        request,
        "staff/suppressions/add.html",
        "Suppress addresses",
        status=422 if request.method == "POST" else 200,
        form=form,
        done=done,
        said=_said(done) if done.added or done.known else "",
        left="\n".join(address for address, _ in done.wrong)
        if done.wrong
        else form["addresses"].value() or "",
        reasons=SuppressionReason.choices,
        most=MOST,
    )


def _suppress(addresses: list[str], reason: SuppressionReason, detail: str) -> Done:
    done = Done()
    for address in addresses:
        try:
            if suppress(address, reason, detail):
                done.added += 1
            else:
                done.known += 1
        except CannotSuppress as error:
            done.wrong.append((address, str(error).partition(": ")[2] or str(error)))
    return done


def _said(done: Done) -> str:
    added = f"{done.added:,} {'address' if done.added == 1 else 'addresses'} suppressed."
    return f"{added} {done.known:,} had that suppression before." if done.known else added
