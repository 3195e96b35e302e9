"""Subscribers."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import validate_email
from django.db.models import Exists, JSONField, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from mailer.staff.access.scope import lists_where, visible
from mailer.staff.admin.base import (
    CheckboxSelectMultiple,
    Countless,
    ModelForm,
    NoDelete,
    ReadOnly,
    TabularInline,
    Textarea,
)
from mailer.staff.admin.person import PersonPages, may_erase, may_export
from subscribers.leaving import leave
from subscribers.models import MailingList, Subscriber, Subscription, Suppression, Topic
from subscribers.person.edited import record_edit
from subscribers.privacy import erased
from subscribers.search.find import find

MOST_FOUND = 1_000
"""People whom a search brings at most; the filters beside it choose among them."""


class ListFilter(admin.SimpleListFilter):
    title = "mailing list"
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = visible(request.user, "subscribers.view_mailinglist", MailingList.objects.all())
        return list(seen.values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        if self.value() is None:
            return queryset
        return queryset.filter(Exists(_subscriptions(request)))


class StateFilter(admin.SimpleListFilter):
    """On the list that the other filter names, or on any."""

    title = "subscription"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in Subscription.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        if self.value() is None:
            return queryset
        return queryset.filter(Exists(_subscriptions(request).filter(state=self.value())))


def _subscriptions(request: HttpRequest) -> QuerySet[Subscription]:
    """Each person's, of which who asks may know."""
    theirs = Subscription.objects.filter(subscriber=OuterRef("pk"))
    subscriptions = visible(request.user, "subscribers.view_subscription", theirs)
    slug = request.GET.get(ListFilter.parameter_name)
    return subscriptions.filter(mailing_list__slug=slug) if slug else subscriptions


class SuppressedFilter(admin.SimpleListFilter):
    title = "suppressed"
    parameter_name = "suppressed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(is_suppressed=self.value() == "yes")


def _topics() -> list[tuple[int, str]]:
    topics = Topic.objects.values_list("pk", "name", "retired")
    return [(number, f"{name} (retired)" if retired else name) for number, name, retired in topics]


class SubscriberForm(ModelForm):
    topic_ids = forms.TypedMultipleChoiceField(
        label="Topics",
        choices=_topics,
        coerce=int,
        required=False,
        widget=CheckboxSelectMultiple(),
        help_text="None chosen: every topic",
    )

    class Meta:
        model = Subscriber
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # The form carries what it showed, so that `changed_data` is what somebody typed and nothing else.
            for field in self.fields.values():
                field.show_hidden_initial = True

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"].strip()
        validate_email(address)
        if "email" in self.changed_data and (
            erased.suppressed(address) or erased.stands(address, besides=self.instance.pk or 0)
        ):
            raise forms.ValidationError(
                "Whoever has this address was erased. They can sign up again by themselves; nobody else can do it."
            )
        return address


class SubscriptionInline(ReadOnly, TabularInline):
    model = Subscription
    extra = 0
    fields = ("mailing_list", "state", "cadence", "paused_until", "source", "created_at", "changed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible(request.user, "subscribers.view_subscription", super().get_queryset(request))


@admin.register(Subscriber)
class SubscriberAdmin(NoDelete, Countless, PersonPages):
    change_form_outer_before_template = "staff/person_bar.html"
    list_display = ("email", "name", "lists", "language", "country", "suppressed")
    list_filter = (ListFilter, StateFilter, SuppressedFilter)
    list_per_page = 50
    search_fields = ("email", "first_name", "last_name")
    search_help_text = "Any part of the address and the name"
    ordering = ("-id",)
    actions = ("take_off_every_list",)
    form = SubscriberForm
    readonly_fields = ("created_at", "changed_at")
    formfield_overrides = {JSONField: {"widget": Textarea({"rows": 4})}}
    fieldsets = (
        (None, {"fields": ("email", ("first_name", "last_name"), ("language", "time_zone"), "country")}),
        ("Interests", {"fields": ("topic_ids", "attributes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        subscribers: QuerySet[Any] = super().get_queryset(request).filter(erased_at=None)
        suppressions = Suppression.objects.filter(address=Lower(OuterRef("email")))
        annotated: QuerySet[Any] = subscribers.annotate(is_suppressed=Exists(suppressions))
        theirs = Subscription.objects.select_related("mailing_list")
        seen = visible(request.user, "subscribers.view_subscription", theirs)
        return annotated.prefetch_related(Prefetch("subscriptions", seen, to_attr="shown_subscriptions"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = find(search_term, MOST_FOUND, lists=lists_where(request.user, "subscribers.view_subscriber"))
        if found.more:
            messages.info(request, f"More than {MOST_FOUND:,} people fit: say more of the address or name.")
        return queryset.filter(pk__in=found.ids), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The database says when a row was made, so there is nothing to show before there is one."""
        record = (("Record", {"fields": (("created_at", "changed_at"),)}),) if obj else ()
        return (*self.fieldsets, *record)

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[type[SubscriptionInline], ...]:
        return (SubscriptionInline,) if obj else ()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        may = {"may_export": bool(person) and may_export(request, person), "may_erase": may_erase(request)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **may})

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: Any) -> None:
        """Store what somebody of the staff typed. A change goes into the record of consent, with their name."""
        obj.changed_at = timezone.now()
        if not change:
            super().save_model(request, obj, form, change)
            return
        people = Subscriber.objects.select_for_update(no_key=True)
        # Erased in the same moment they stay so: what the form holds of them is not written back.
        before = get_object_or_404(people, pk=obj.pk, erased_at=None)
        # Nor is what they changed themselves while the form was open.
        for name in form.fields.keys() - form.changed_data:
            setattr(obj, name, getattr(before, name))
        source = f"staff: {request.user.get_username()}"
        record_edit(before, obj, source=source)
        if before.email.lower() != obj.email.lower():
            erased.came_back(obj.email)
            erased.moved(before, by=source)
        obj.save(update_fields=[*form.changed_data, "changed_at"])

    @admin.display
    def name(self, subscriber: Subscriber) -> str:
        return f"{subscriber.first_name} {subscriber.last_name}".strip()

    @admin.display
    def lists(self, subscriber: Any) -> str:
        return ", ".join(
            f"{subscription.mailing_list.name}: {subscription.get_state_display().lower()}"
            for subscription in subscriber.shown_subscriptions
        )

    @admin.display
    def suppressed(self, subscriber: Any) -> str:
        return "suppressed" if subscriber.is_suppressed else ""

    @admin.action(description="Take off every list", permissions=["change"])
    def take_off_every_list(self, request: HttpRequest, chosen: QuerySet[Subscriber]) -> None:
        """For people who ask a person. Recorded as their leaving, with the name of who did it."""
        source = f"staff: {request.user.get_username()}"[:200]
        theirs = Subscription.objects.filter(subscriber__in=chosen.values("pk"))
        subscriptions = visible(request.user, "subscribers.change_subscription", theirs)
        done = sum(
            leave(mailing_list_id, subscriber_id, source=source)
            for mailing_list_id, subscriber_id in subscriptions.values_list(
                "mailing_list_id", "subscriber_id"
            )
        )
        self.message_user(request, f"Subscriptions ended: {done}.", messages.SUCCESS)
