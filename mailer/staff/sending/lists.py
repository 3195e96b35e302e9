"""The test lists of a newsletter."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.models import TestList
from mailer.delivery.testing.addresses import MOST
from mailer.delivery.testing.errors import BadTestMail
from mailer.delivery.testing.lists import keep_list
from mailer.issues.models import Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, CHANGE, DELETION, record
from mailer.staff.numbers import number
from mailer.staff.page import page
from mailer.staff.sending.answers import typed


@require_safe
@needs("delivery.view_testlist", Newsletter)
def test_lists(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """All of them, each with a form of its own, and one for a new one."""
    return _page(request, newsletter)


@require_POST
@needs("delivery.change_testlist", Newsletter)
def keep(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Make a list, or change the one that is named."""
    there = _named(request, newsletter)
    if there is None and request.POST.get("number"):
        messages.warning(request, "That list was deleted meanwhile: nothing was changed.")
        return redirect("staff:test-lists", newsletter.pk)
    if not request.user.has_perm(
        "delivery.add_testlist" if there is None else "delivery.change_testlist", newsletter
    ):
        raise PermissionDenied
    name, addresses = typed(request.POST, "name", 1_000), typed(request.POST, "addresses", 20_000)
    kind, act = (ADDITION, "Made") if there is None else (CHANGE, "Changed")
    try:
        kept = keep_list(newsletter, name, addresses, there)
    except BadTestMail as error:
        given = {"number": request.POST.get("number", ""), "name": name, "addresses": addresses}
        return _page(request, newsletter, wrong=str(error), given=given, status=422)
    record(request.user, kept, f"{act} the test list, with {len(kept.addresses)} addresses.", kind)
    messages.success(request, f"The list “{kept}” is kept.")
    return redirect("staff:test-lists", newsletter.pk)


@require_POST
@needs("delivery.delete_testlist", Newsletter)
def delete(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Delete a list. Nothing else uses it."""
    there = _named(request, newsletter)
    if there:
        with transaction.atomic():
            record(request.user, there, "Deleted the test list.", DELETION)
            there.delete()
        messages.success(request, f"The list “{there}” is deleted.")
    return redirect("staff:test-lists", newsletter.pk)


def _page(request: HttpRequest, newsletter: Newsletter, status: int = 200, **shown: object) -> HttpResponse:
    return page(
        request,
        "staff/sending/test_lists.html",
        f"Test lists of {newsletter}",
        status=status,
        newsletter=newsletter,
        lists=newsletter.test_lists.all(),
        most=MOST,
        may_change=request.user.has_perm("delivery.change_testlist", newsletter),
        **shown,
    )


def _named(request: HttpRequest, newsletter: Newsletter) -> TestList | None:
    return newsletter.test_lists.filter(pk=number(request.POST.get("number")) or 0).first()
