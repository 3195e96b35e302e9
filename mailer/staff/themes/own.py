"""Themes of one's own: uploaded or written on the page, with what is wrong with them, and their versions."""

import io
import zipfile
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailer.issues.builder.content import Problem
from mailer.issues.builder.theme import THEMES
from mailer.issues.models import Newsletter, OwnTheme, Theme
from mailer.issues.themes.check import ENTRY
from mailer.issues.themes.keep import BadTheme, keep, restore
from mailer.issues.themes.read import Unreadable, read_upload
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import newsletters_where, visible
from mailer.staff.audit import ADDITION, DELETION, record
from mailer.staff.page import page

MOST_UPLOADED = 2_000_000
"""Bytes of one file that is uploaded."""
AROUND = 2
"""Lines that are shown before and after one that is wrong."""


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(file, initial) for file in data or []]


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


class NewForm(UploadForm):
    """A theme with its first version."""

    title = forms.CharField(max_length=200, label="Name")
    slug = forms.SlugField(max_length=50, label="Short name")
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


@needs("issues.view_owntheme")
@require_safe
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


@needs("issues.add_owntheme")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a theme from files, or as a copy of a built-in one."""
    form = NewForm(*_posted(request), user=request.user)
    problems: list[Any] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        theme = OwnTheme(slug=given["slug"], name=given["title"], newsletter=given["newsletter"])
        try:
            files = _built_in(given["start"]) if given["start"] else _uploaded(form, {})
            keep(theme, files, request.user, given["note"])
        except Unreadable as error:
            form.add_error("upload", str(error))
        except BadTheme as error:
            problems = _shown(error.problems, files)
        else:
            record(request.user, theme, "Added the theme.", ADDITION)
            messages.success(request, "The theme is kept. Choose it in the look of a newsletter.")
            return redirect("staff:theme", theme.pk)
    return page(request, "staff/themes/new.html", "New theme", form=form, problems=problems)


@needs("issues.view_owntheme", OwnTheme)
@require_http_methods(["GET", "HEAD", "POST"])
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
                given = _uploaded(form, files)
                version = keep(theme, given, request.user, form.cleaned_data["note"])
            except Unreadable as error:
                form.add_error("upload", str(error))
            except BadTheme as error:
                problems, files = _shown(error.problems, given), given
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


@needs("issues.view_owntheme", OwnTheme)
@require_safe
def files(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """A version's files as a zip, ?version=2, or else those of the newest."""
    asked = request.GET.get("version", "")
    versions = (
        theme.versions.filter(number=asked) if asked.isdecimal() and len(asked) < 9 else theme.versions.all()
    )
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


@needs("issues.change_owntheme", OwnTheme)
@require_POST
def restore_version(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """Make an earlier version the newest again."""
    asked = request.POST.get("version", "")
    if not _whole(request, theme):
        raise PermissionDenied
    version = get_object_or_404(
        theme.versions, number=int(asked) if asked.isdecimal() and len(asked) < 9 else 0
    )
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


@needs("issues.delete_owntheme", OwnTheme)
@require_POST
def delete(request: HttpRequest, theme: OwnTheme) -> HttpResponse:
    """Delete a theme that no newsletter uses."""
    if not _whole(request, theme):
        raise PermissionDenied
    users = ", ".join(newsletter.name for newsletter in theme.newsletters.all())
    if users:
        messages.error(request, f"It is the theme of {users}: give that another look first.")
        return redirect("staff:theme", theme.pk)
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


def _uploaded(form: UploadForm, before: dict[str, str]) -> dict[str, str]:
    """The files of the new version: those of the one before, with what was uploaded or written in their place."""
    uploaded: list[UploadedFile[Any]] = form.cleaned_data["upload"]
    if any((file.size or 0) > MOST_UPLOADED for file in uploaded):
        raise Unreadable(f"a file has more than {MOST_UPLOADED // 1_000_000} MB: templates are short")
    if uploaded:
        return read_upload([(str(file.name), file.read()) for file in uploaded])
    given = form.cleaned_data
    if not given["source"].strip():
        raise Unreadable("choose files, or write the template below")
    return before | {given["name"].strip() or ENTRY: given["source"].replace("\r\n", "\n")}


def _built_in(name: str) -> dict[str, str]:
    """The files of a built-in theme, as the start of one's own; their includes name each other."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted((THEMES / name).glob("*.mjml"))}
    return {file: source.replace(f'"{name}/', '"') for file, source in files.items()}


def _shown(problems: tuple[Problem, ...], files: dict[str, str]) -> list[dict[str, Any]]:
    """Problems with the lines around the one that is wrong."""
    shown = []
    for problem in problems:
        name, _, line = problem.where.partition(", line ")
        lines = files.get(name, "").split("\n")
        number = int(line) if line.isdecimal() else 0
        first = max(number - AROUND, 1)
        excerpt = [
            {"number": first + at, "text": text, "wrong": first + at == number}
            for at, text in enumerate(lines[first - 1 : number + AROUND])
        ]
        shown.append(
            {"where": problem.where, "message": problem.message, "excerpt": excerpt if number else []}
        )
    return shown
