"""Newsletters, and issues with their stories."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, JSONField, QuerySet, TextField, URLField
from django.http import HttpRequest

from mailer.delivery.errors import DeliveryError
from mailer.delivery.welcome import check_welcome_issue
from mailer.issues.builder.content import BuildError
from mailer.issues.builder.utm import PLACEHOLDERS
from mailer.issues.models import Issue, Newsletter, Story
from mailer.staff.admin.base import ColourInput, InlineFormSet, ModelAdmin, ModelForm, StackedInline, Textarea
from mailer.staff.admin.newsletter_report import NewsletterReportPages
from mailer.staff.admin.ordering import Place, in_order


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
class NewsletterAdmin(NewsletterReportPages):
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
            "Steering",
            {"fields": (("owner_email", "report_by_mail"), ("time_zone", "lateness_limit"), "welcome_issue")},
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

    formfield_overrides = {
        TextField: {"widget": Textarea({"rows": 3})},
        JSONField: {"widget": Textarea({"rows": 3})},
    }

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "colour":
            kwargs["widget"] = ColourInput()
        elif isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class StoryForm(ModelForm):
    position = forms.IntegerField(
        min_value=0, max_value=32_000, required=False, help_text="Empty: at the end. Or drag the story."
    )

    class Meta:
        model = Story
        fields = "__all__"

    def clean_position(self) -> int:
        """The column wants a number at once; the last word is renumber's, which knows all stories."""
        self.wanted: int | None = self.cleaned_data["position"]
        return self.wanted or 0


class StoryFormSet(InlineFormSet):
    """Stories of one issue. Any positions will do: saving numbers them anew, from 1 and without gaps."""

    def validate_unique(self) -> None:
        """Nothing: two stories may want the same position until they are numbered."""

    def renumber(self) -> None:
        """Give every story its position. The database checks that each is unique when the transaction ends."""
        places = [
            Place(form.instance, form.initial.get("position"), getattr(form, "wanted", None))
            for form in self.forms
            if form.instance.pk and form not in self.deleted_forms
        ]
        stories = in_order(places)
        for number, story in enumerate(stories, start=1):
            story.position = number
        Story.objects.bulk_update(stories, ["position"])


class StoryInline(StackedInline):
    model = Story
    form = StoryForm
    formset = StoryFormSet
    extra = 0
    ordering = ("position",)
    ordering_field = "position"
    collapsible = True
    autocomplete_fields = ("topics",)
    formfield_overrides = {TextField: {"widget": Textarea({"rows": 8})}}
    fields = (
        ("headline", "position"),
        "body",
        ("link", "link_label"),
        ("image", "image_alt"),
        ("topics", "for_everyone"),
    )


@admin.register(Issue)
class IssueAdmin(ModelAdmin):
    list_display = ("__str__", "newsletter", "number", "date", "subject", "stories")
    list_filter = ("newsletter",)
    list_select_related = ("newsletter",)
    search_fields = ("subject", "stories__headline")
    date_hierarchy = "date"
    ordering = ("-date", "-id")
    inlines = (StoryInline,)
    formfield_overrides = {TextField: {"widget": Textarea({"rows": 4})}}
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("newsletter", ("number", "date"), "subject", "preheader")}),
        (
            "Around the stories",
            {"fields": ("intro", "outro", ("call_to_action_label", "call_to_action_link"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        issues: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = issues.annotate(story_count=Count("stories"))
        return counted

    @admin.display(ordering="story_count")
    def stories(self, issue: Any) -> int:
        count: int = issue.story_count
        return count

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if isinstance(formset, StoryFormSet):
            formset.renumber()
