"""The look of a newsletter: theme, colours, font and logo, with an issue in that look beside them."""

from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, IssueContent
from mailer.issues.builder.personalise import personalise
from mailer.issues.content import content_of, newest_files, newsletter_content
from mailer.issues.models import Newsletter, OwnTheme, Theme
from mailer.issues.preview import example_reader
from mailer.issues.themes.sample import LANGUAGES, sample_issue
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.page import page

FIELDS = ("theme", "own_theme", "colour", "page_colour", "font", "logo")
NEWEST = "newest"
"""In place of a language: the newsletter's newest issue instead of the made-up one."""


class LookForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fields of a newsletter that decide about its look."""

    logo = forms.URLField(required=False, assume_scheme="https")

    class Meta:
        model = Newsletter
        fields = FIELDS
        widgets = {
            "theme": forms.RadioSelect,
            "colour": forms.TextInput(attrs={"type": "color"}),
            "page_colour": forms.TextInput(attrs={"placeholder": "#f1f3f5", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own: Any = self.fields["own_theme"]
        own.queryset = OwnTheme.objects.filter(Q(newsletter=None) | Q(newsletter=self.instance.pk))
        own.empty_label = "None: the built-in theme above"
        for name, field in self.fields.items():
            if name != "theme":
                field.widget.attrs.setdefault("aria-describedby", f"help-{name}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.view_newsletter", Newsletter)
def look(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show the look, and keep it. Only who may change the newsletter can keep it; others see it."""
    may_change = request.user.has_perm("issues.change_newsletter", newsletter)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = LookForm(request.POST if request.method == "POST" else None, instance=newsletter)
    if request.method == "POST" and form.is_valid():
        newsletter.save(update_fields=FIELDS)
        if form.changed_data:
            record(request.user, newsletter, f"Changed its look: {', '.join(form.changed_data)}.")
        messages.success(request, "Kept. Issues that are built from now on have this look.")
        return redirect("staff:look", newsletter.pk)
    return page(
        request,
        "staff/themes/look.html",
        f"Look of {newsletter}",
        newsletter=newsletter,
        form=form,
        may_change=may_change,
        languages=LANGUAGES,
        themes=Theme.choices,
        has_issue=newsletter.issues.exists(),
        preview_url=reverse("staff:look-preview", args=[newsletter.pk]),
        is_fullwidth="1",
    )


@require_POST
@needs("issues.view_newsletter", Newsletter)
def preview(request: HttpRequest, newsletter: Newsletter) -> JsonResponse:
    """An issue in the look that the form says, without keeping it: {"html": …} or {"errors": [{where, message}]}."""
    form = LookForm(request.POST, instance=newsletter)
    if not form.is_valid():
        wrong = [
            {"where": form[name].label if name != "__all__" else "", "message": text}
            for name, texts in form.errors.items()
            for text in texts
        ]
        return JsonResponse({"errors": wrong})
    try:
        edition = build(_shown(newsletter, request.POST.get("language", "")))
    except BuildError as error:
        problems = [{"where": problem.where, "message": problem.message} for problem in error.problems]
        return JsonResponse({"errors": problems})
    mail = personalise(edition, example_reader())
    return JsonResponse({"html": mail.html, "subject": mail.subject})


def _shown(newsletter: Newsletter, language: str) -> IssueContent:
    """The issue that is shown: the newest one, or the made-up one in a language."""
    newest = newsletter.issues.order_by("-number").first()
    content = replace(newsletter_content(newsletter), theme_files=newest_files(newsletter.own_theme))
    if language == NEWEST and newest is not None and newest.stories.filter(hidden=False).exists():
        return replace(content_of(newest), newsletter=content)
    image = f"{settings.PUBLIC_URL}/static/sample/policy.png"
    return sample_issue(content, language if language in LANGUAGES else "", image)
