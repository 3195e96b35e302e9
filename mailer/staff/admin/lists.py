"""Mailing lists with their sign-up forms, and topics."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import JSONField, TextField, URLField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailer.staff.admin.base import CheckboxSelectMultiple, ModelAdmin, ModelForm, NoDelete, Textarea
from mailer.staff.admin.exports import ExportPages
from subscribers.models import Asked, MailingList, Topic
from subscribers.sign_up.embed import embeddable, form_url
from subscribers.sign_up.settings import problems_of
from subscribers.sign_up.wording import current_wording, reword

FIELDS_HELP = (
    'A list as JSON, such as [{"key": "company", "label": "Company", "type": "text", "required": true}]. '
    'Types: text, number, date, yes_no, choice (with "choices": ["one", "two"]). '
    "Each becomes an attribute of the subscriber."
)


class MailingListForm(ModelForm):
    """A list with the settings of its form. A changed wording becomes the next version when it is saved."""

    sign_up_asks = forms.MultipleChoiceField(
        label="Asks for",
        choices=Asked.choices,
        required=False,
        widget=CheckboxSelectMultiple,
        help_text="Besides the address",
    )
    sign_up_fields = forms.JSONField(
        label="Fields of its own", required=False, widget=Textarea({"rows": 4}), help_text=FIELDS_HELP
    )
    sign_up_origins = forms.CharField(
        label="Sites that may call the JSON endpoint",
        required=False,
        widget=Textarea({"rows": 2}),
        help_text="Origins, one a line, such as https://www.example.org",
    )
    wording = forms.CharField(
        label="What people agree to",
        required=False,
        widget=Textarea({"rows": 3}),
        help_text="A change is the next version; each person's record of consent keeps the one they were shown.",
    )

    class Meta:
        model = MailingList
        fields: tuple[str, ...] = ()  # the page names them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        saved = self.instance
        self.initial["sign_up_origins"] = "\n".join(saved.sign_up_origins)
        if saved.pk and (current := current_wording(saved)):
            self.initial["wording"] = current.text
            self.fields["wording"].label = f"What people agree to (version {current.version})"

    def clean_sign_up_fields(self) -> Any:
        return self.cleaned_data["sign_up_fields"] or []

    def clean_sign_up_origins(self) -> list[str]:
        return [
            line for typed in self.cleaned_data["sign_up_origins"].splitlines() if (line := typed.strip())
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        names = {field.name for field in MailingList._meta.concrete_fields}
        wanted = MailingList(**{name: value for name, value in given.items() if name in names})
        for name, problems in problems_of(wanted, given.get("wording", "")).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, problems)
        return given


@admin.register(MailingList)
class MailingListAdmin(NoDelete, ExportPages):
    form = MailingListForm
    list_display = ("name", "slug", "description", "sign_up_open", "public")
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
    readonly_fields = ("page", "html")
    fieldsets = (
        (None, {"fields": (("name", "slug"), "description", "public")}),
        (
            "Sign-up form",
            {
                "fields": (
                    "sign_up_open",
                    "wording",
                    "sign_up_intro",
                    "sign_up_asks",
                    "sign_up_fields",
                    ("sign_up_next", "confirmed_next"),
                )
            },
        ),
        ("On your site", {"fields": ("page", "html", "sign_up_origins")}),
        (
            "When mail is refused again and again",
            {"fields": (("soft_bounce_limit", "soft_bounce_issues", "soft_bounce_pause_days"),)},
        ),
    )
    formfield_overrides = {
        TextField: {"widget": Textarea({"rows": 3})},
        JSONField: {"widget": Textarea({"rows": 4})},
    }

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if text := form.cleaned_data["wording"].strip():
            reword(obj, text)

    @admin.display(description="page")
    def page(self, mailing_list: Any) -> str | SafeString:
        if not mailing_list.sign_up_open:
            return "The form is closed."
        url = form_url(mailing_list)
        return format_html('<a href="{}" rel="noopener" target="_blank">{}</a>', url, url)

    @admin.display(description="form as HTML")
    def html(self, mailing_list: Any) -> str | SafeString:
        if not mailing_list.sign_up_open:
            return "The form is closed."
        return format_html(
            '<textarea rows="8" readonly aria-label="Form as HTML" style="width: 100%; font-family: monospace; '
            'border: 1px solid; border-radius: 6px; padding: .5rem;">{}</textarea>',
            embeddable(mailing_list),
        )


@admin.register(Topic)
class TopicAdmin(NoDelete, ModelAdmin):
    list_display = ("name", "slug", "retired")
    list_filter = ("retired",)
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
