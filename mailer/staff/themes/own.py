"""Themes of one's own: uploaded or written on the page, with what is wrong with them, and their versions."""

import io
import zipfile
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailer.issues.builder.theme import THEMES
from mailer.issues.models import Newsletter, OwnTheme, Theme
from mailer.issues.themes.check import ENTRY, BadTheme, check_own
from mailer.issues.themes.keep import keep, restore
from mailer.issues.themes.read import read_upload
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import newsletters_where, visible
from mailer.staff.audit import ADDITION, DELETION, record
from mailer.staff.numbers import number
from mailer.staff.page import page

MOST_UPLOADED = 2_000_000
"""Bytes of one file that is uploaded."""
AROUND = 2
"""Lines that are shown before and after one that is wrong."""


OF_FILES = {"upload", "source", "name", "start"}
"""Fields that say what stands in a theme."""


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(FilesField, self).clean(file, initial) for file in data or []]
        if large := [str(file.name) for file in files if file.size > MOST_UPLOADED]:
            most = f"more than {MOST_UPLOADED // 1_000_000} MB: templates are short"
            raise forms.ValidationError([f"{name} has {most}." for name in large])
        return files


class UploadForm(forms.Form):
    """A version of a theme: files, a zip of them, or the text of one."""

    upload = FilesField(
        required=False, widget=FilesInput(attrs={"accept": ".mjml,.zip", "aria-describedby": "help-upload"})
    )
    source = forms.CharField(
        required=False,
        strip=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "code"}),
    )
    name = forms.CharField(max_length=80, required=False, initial=ENTRY)
    note = forms.CharField(max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors.keys() & OF_FILES and not (
            given["upload"] or given["source"].strip() or given.get("start")
        ):
            self.add_error("upload", "Choose files, or write the template below.")
        return given

    def sources(self, before: dict[str, str]) -> dict[str, str]:
        """The files of the new version: those of the one before, with what was uploaded or written in their place.

        Raises:
            BadTheme: what was uploaded cannot be read.
        """
        given = self.cleaned_data
        if given["upload"]:
            return read_upload([(str(file.name), file.read()) for file in given["upload"]])
        return before | {given["name"].strip() or ENTRY: given["source"].replace("\r\n", "\n")}


class NewForm(UploadForm):
    """A theme with its first version."""

    title = forms.CharField(max_length=200, label="Name")
    slug = forms.SlugField(
        max_length=50,
        label="Short name",
        error_messages={"invalid": "Use letters of a to z, digits, - and _ alone."},
    )
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), required=False)
    start = forms.ChoiceField(required=False, choices=[("", "What I upload"), *Theme.choices])

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields["newsletter"]
        offered.queryset = visible(user, "issues.add_owntheme", Newsletter.objects.all())
        everywhere = newsletters_where(user, "issues.add_owntheme") is None
        offered.required = not everywhere
        offered.empty_label = "Every newsletter" if everywhere else None

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in Theme.values or OwnTheme.objects.filter(slug=slug).exists():
            raise forms.ValidationError("There is a theme of this short name: choose another.")
        return slug

    def sources(self, before: dict[str, str]) -> dict[str, str]:
        start = self.cleaned_data["start"]
        return _built_in(start) if start else super().sources(before)

    def check_files(self) -> None:
        """Raise BadTheme where something is wrong with the files of a form in which something else is wrong too."""
        if self.errors.keys() & OF_FILES:
            return
        files = self.sources({})
        if problems := check_own(files):
            raise BadTheme(problems, files)


@require_safe
@needs("issues.view_owntheme")
def themes(request: HttpRequest) -> HttpResponse:
    """The built-in themes, and those of one's own that the person may see."""
    own = visible(
        request.user, "issues.view_owntheme", OwnTheme.objects.prefetch_related("newsletters", "versions")
    )
    return page(
        request,
        "staff/themes/themes.html",
        "Themes",
        own=own,
        built_in=Theme.choices,
        newsletters=visible(
            request.user, "issues.view_newsletter", Newsletter.objects.select_related("own_theme")
        ),
        may_add=request.user.has_perm("issues.add_owntheme"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.add_owntheme")
def new(request: HttpRequest) -> HttpResponse:
    """Make a theme from files, or as a copy of a built-in one."""
    form = NewForm(*_posted(request), user=request.user)
    problems: list[Any] = []
    if request.method == "POST":
        try:
            if form.is_valid():
                given = form.cleaned_data
                theme = OwnTheme(slug=given["slug"], name=given["title"], newsletter=given["newsletter"])
                keep(theme, form.sources({}), request.user, given["note"])
                record(request.user, theme, "Added the theme.", ADDITION)
                messages.success(request, "The theme is kept. Choose it in the look of a newsletter.")
                return redirect("staff:theme", theme.pk)
            form.check_files()
        except BadTheme as error:
            problems = _shown(error)
    return page(request, "staff/themes/new.html", "New theme", form=form, problems=problems)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.view_owntheme", OwnTheme)
def theme(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """A theme with its files and versions; a post adds a version."""
    may_change = request.user.has_perm("issues.change_owntheme", theme) and _whole(request, theme)
    newest = theme.versions.order_by("-number").first()
    files: dict[str, str] = dict(newest.files) if newest else {}
    form = UploadForm(*_posted(request))
    problems: list[Any] = []
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid():
            try:
                version = keep(theme, form.sources(files), request.user, form.cleaned_data["note"])
            except BadTheme as error:
                problems, files = _shown(error), dict(error.files)
            else:
                same = newest is not None and version.pk == newest.pk
                if not same:
                    record(request.user, theme, f"Uploaded version {version.number}.")
                messages.success(
                    request, "Nothing changed." if same else f"Version {version.number} is in use."
                )
                return redirect("staff:theme", theme.pk)
    return page(
        request,
        "staff/themes/theme.html",
        theme.name,
        own=theme,  # `theme` is django-unfold's, light or dark
        files=sorted(files.items(), key=lambda file: (file[0] != ENTRY, file[0])),
        form=form,
        problems=problems,
        versions=theme.versions.select_related("by"),
        used_by=theme.newsletters.all(),
        may_change=may_change,
    )


@require_safe
@needs("issues.view_owntheme", OwnTheme)
def files(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """A version's files as a zip, ?version=2, or else those of the newest."""
    asked = number(request.GET.get("version"))
    versions = theme.versions.all() if asked is None else theme.versions.filter(number=asked)
    version = get_object_or_404(versions.order_by("-number")[:1])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in version.files.items():
            archive.writestr(name, source)
    return HttpResponse(
        packed.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{theme.slug}-{version.number}.zip"'},
    )


@require_POST
@needs("issues.change_owntheme", OwnTheme)
def restore_version(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """Make an earlier version the newest again."""
    if not _whole(request, theme):
        raise PermissionDenied
    version = get_object_or_404(theme.versions, number=number(request.POST.get("version")))
    try:
        restored = restore(version, request.user)
    except BadTheme as error:
        messages.error(request, f"Version {version.number} is not allowed any more. {error}")
    else:
        record(request.user, theme, f"Restored version {version.number} as version {restored.number}.")
        messages.success(
            request, f"Version {restored.number} is as version {version.number} was, and in use."
        )
    return redirect("staff:theme", theme.pk)


@require_POST
@needs("issues.delete_owntheme", OwnTheme)
def delete(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """Delete a theme that no newsletter uses."""
    if not _whole(request, theme):
        raise PermissionDenied
    users = ", ".join(newsletter.name for newsletter in theme.newsletters.all())
    if users:
        messages.error(request, f"It is the theme of {users}: give that another look first.")
        return redirect("staff:theme", theme.pk)
    with transaction.atomic():
        record(request.user, theme, "Deleted the theme.", DELETION)
        theme.delete()
    messages.success(request, f"The theme {theme.name} is deleted.")
    return redirect("staff:themes")


def _whole(request: HttpRequest, theme: OwnTheme) -> bool:
    """Whether who asks may change it: what every newsletter may use is changed by who has the right at all of them."""
    return (
        theme.newsletter_id is not None or newsletters_where(request.user, "issues.change_owntheme") is None
    )


def _posted(request: HttpRequest) -> tuple[Any, Any]:
    """What a form is made of: nothing before it is sent. A post of files alone has no other field."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _built_in(name: str) -> dict[str, str]:
    """The files of a built-in theme, as the start of one's own; their includes name each other."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted((THEMES / name).glob("*.mjml"))}
    return {file: source.replace(f'"{name}/', '"') for file, source in files.items()}


def _shown(bad: BadTheme) -> list[dict[str, Any]]:
    """What is wrong with a theme, with the lines around each that is."""
    shown = []
    for problem in bad.problems:
        name, _, line = problem.where.partition(", line ")
        lines = bad.files.get(name, "").split("\n")
        wrong = int(line) if line.isdecimal() else 0
        first = max(wrong - AROUND, 1)
        excerpt = [
            {"number": first + at, "text": text, "wrong": first + at == wrong}
            for at, text in enumerate(lines[first - 1 : wrong + AROUND])
        ]
        shown.append(
            {"where": problem.where, "message": problem.message, "excerpt": excerpt if wrong else []}
        )
    return shown
