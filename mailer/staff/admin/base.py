"""What the staff site's pages are made of.

django-unfold has no type hints: to a type checker its classes are Django's own, which they extend.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst

from mailer.staff.access.scope import visible

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline
    from django.core.paginator import Paginator
    from django.forms import BaseInlineFormSet, CheckboxSelectMultiple, Textarea, TextInput
    from django.forms import ModelForm as _ModelForm

    _PlainModelAdmin = _ModelAdmin[Any]
    ModelForm = _ModelForm[Any]
    TabularInline = _TabularInline[Any, Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    InfinitePaginator = Paginator[Any]
    ColourInput = TextInput
else:
    from django.forms import ModelForm
    from unfold.admin import ModelAdmin as _PlainModelAdmin
    from unfold.admin import TabularInline
    from unfold.forms import PaginationInlineFormSet as InlineFormSet
    from unfold.paginator import InfinitePaginator
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
    from unfold.widgets import UnfoldAdminColorInputWidget as ColourInput
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

__all__ = [
    "CheckboxSelectMultiple",
    "ColourInput",
    "Countless",
    "InlineFormSet",
    "ListElsewhere",
    "ModelAdmin",
    "ModelForm",
    "NoDelete",
    "ReadOnly",
    "TabularInline",
    "Textarea",
    "VisibleFilter",
]


class ModelAdmin(_PlainModelAdmin):
    """The pages of one model. Each row is asked for: a role at one newsletter shows no other's."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has(request, "view", obj) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._has(request, "delete", obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A list is called as what it lists, not "Select … to change"."""
        title = capfirst(str(self.opts.verbose_name_plural))
        answer: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return visible(request.user, self._right("view"), rows)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What may be chosen: the rows about which somebody has the right that this page asks for."""
        act = (
            "add"
            if str(request.resolver_match and request.resolver_match.url_name).endswith("_add")
            else "change"
        )
        rows = kwargs.get("queryset", db_field.remote_field.model._default_manager.all())
        kwargs["queryset"] = visible(request.user, self._right(act), rows)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Whoever sees none of these rows is not told which there are."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer: HttpResponse = super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
        return answer

    def _has(self, request: HttpRequest, act: str, obj: Model | None) -> bool:
        return request.user.has_perm(self._right(act), obj)

    def _right(self, act: str) -> str:
        return f"{self.opts.app_label}.{get_permission_codename(act, self.opts)}"


class ListElsewhere(ModelAdmin):
    """For models whose list is a page of the staff site's own: what leads to the admin's goes on to it."""

    list_page: str
    """The name of its address."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(self.list_page)


class VisibleFilter(RelatedFieldListFilter):
    """A filter of a list by a related row: it offers those that somebody may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        related = field.remote_field.model
        right = f"{related._meta.app_label}.{get_permission_codename('view', related._meta)}"
        rows = visible(request.user, right, related._default_manager.all())
        choices: list[tuple[Any, Any]] = field.get_choices(
            include_blank=False, limit_choices_to={"pk__in": rows.values("pk")}
        )
        return choices


class NoDelete:
    """For pages of what is kept: nobody may delete, whatever their rights."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(NoDelete):
    """For pages of records: nobody may add, change or delete, whatever their rights."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Countless:
    """For lists of millions: pages lead to the next and the one before, and nothing is counted."""

    paginator: Any = InfinitePaginator
    show_full_result_count = False
    list_disable_select_all = True
