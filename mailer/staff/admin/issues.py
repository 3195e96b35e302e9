"""Newsletters; issues lead to their builder."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField, TextField, URLField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html

from mailer.archive.addresses import archive_url
from mailer.delivery.errors import DeliveryError
from mailer.delivery.welcome import check_welcome_issue
from mailer.issues.builder.content import BuildError
from mailer.issues.builder.utm import PLACEHOLDERS
from mailer.issues.models import Issue, Newsletter
from mailer.staff.admin.base import ColourInput, ModelAdmin, ModelForm, Textarea
from mailer.staff.numbers import number


class NewsletterForm(ModelForm):
    class Meta:
        # As web analytics call them.
        labels = {f"utm_{name}": f"utm_{name}" for name in PLACEHOLDERS}
        help_texts = {
            "utm_source": "Where readers come from, such as weekly-digest. Empty: none of the four is added.",
            "utm_medium": "Usually email",
            "utm_campaign": "May hold {newsletter} (its short name), {issue} (its number) and {date}: such as "
            "{newsletter}-{issue}",
            "utm_content": "May hold {story}, its number in the issue: such as story-{story}. Links outside of stories "
            "then have none.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "welcome_issue" in self.fields:  # not where somebody may only look
            offered: Any = self.fields["welcome_issue"]
            offered.queryset = Issue.objects.filter(newsletter=self.instance.pk)

    def clean_welcome_issue(self) -> Issue | None:
        chosen: Issue | None = self.cleaned_data["welcome_issue"]
        if chosen is not None and chosen.pk != self.initial.get("welcome_issue"):
            try:
                check_welcome_issue(chosen)
            except (DeliveryError, BuildError) as error:
                raise forms.ValidationError(str(error)) from error
        return chosen


@admin.register(Newsletter)
class NewsletterAdmin(ModelAdmin):
    change_form_outer_before_template = "staff/newsletter_bar.html"
    form = NewsletterForm
    list_display = ("name", "mailing_list", "theme", "language", "from_email")
    list_select_related = ("mailing_list",)
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": (("name", "slug"), "tagline", ("mailing_list", "language"))}),
        (
            "Sender",
            {"fields": (("from_name", "from_email"), ("reply_to", "unsubscribe_email"), "postal_address")},
        ),
        ("Look", {"fields": (("theme", "colour"), ("website", "logo"))}),
        (
            "Links",
            {
                "description": "UTM parameters, by which web analytics tell readers of this newsletter from others: "
                "letters, digits and - _ . ~ : without spaces. They are added to the links of an issue, but not to "
                "readers' own (unsubscribe, preferences, in the browser), and not where a link has one already.",
                "fields": (("utm_source", "utm_medium"), ("utm_campaign", "utm_content")),
            },
        ),
        (
            "Public archive",
            {
                "description": "Every issue that was sent as a web page with all of its stories, with search, topics, a feed "
                "and a box to sign up with. Merge tags show their defaults. Off, nothing of it can be reached.",
                "fields": (("archive", "archive_address"),),
            },
        ),
        (
            "Steering",
            {
                "fields": (
                    ("owner_email", "report_by_mail"),
                    ("time_zone", "lateness_limit"),
                    "needs_approval",
                    "welcome_issue",
                )
            },
        ),
        (
            "Pace",
            {
                "fields": (
                    ("hourly_ceiling", "domain_ceilings"),
                    "warm_up_from",
                    ("warm_up_first_day", "warm_up_growth"),
                )
            },
        ),
    )

    readonly_fields = ("archive_address",)
    formfield_overrides = {
        TextField: {"widget": Textarea({"rows": 3})},
        JSONField: {"widget": Textarea({"rows": 3})},
    }

    @admin.display(description="Address")
    def archive_address(self, newsletter: Newsletter) -> str:
        """Where the archive stands, as a link; where it would stand while it is off."""
        if newsletter.pk is None:
            return "Known when the newsletter is saved"
        address = archive_url(newsletter)
        return format_html('<a href="{0}">{0}</a>', address) if newsletter.archive else f"{address} (off)"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new newsletter wants its issues approved, unless somebody decides otherwise; those there are stay as they
        are."""
        return {"needs_approval": True, **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "colour":
            kwargs["widget"] = ColourInput()
        elif isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Issue)
class IssueAdmin(ModelAdmin):
    """Issues are written in the builder: whoever follows an address of their forms gets there."""

    search_fields = ("subject", "stories__headline")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list of issues."""
        return self._lead(request, "staff:issues")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list of issues, where new ones are begun."""
        return self._lead(request, "staff:issues")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The builder. Answers 404 to what is no number."""
        issue = number(object_id)
        if issue is None:
            raise Http404("There is no such issue.")
        return self._lead(request, "staff:issue", issue)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with an issue, in numbers: each of its versions as a line would fill pages."""
        _, counts, missing, protected = super().get_deleted_objects(objs, request)
        named = {name: count for name, count in counts.items() if "relationship" not in name}
        return [str(each) for each in objs], named, missing, protected

    def _lead(self, request: HttpRequest, *to: Any) -> HttpResponse:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(*to)
