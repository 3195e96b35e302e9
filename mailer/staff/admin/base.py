"""What the staff site's pages are made of.

django-unfold has no type hints: to a type checker its classes are Django's own, which they extend.
"""

from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import StackedInline as _StackedInline
    from django.contrib.admin import TabularInline as _TabularInline
    from django.core.paginator import Paginator
    from django.forms import BaseInlineFormSet, CheckboxSelectMultiple, Textarea, TextInput
    from django.forms import ModelForm as _ModelForm

    ModelAdmin = _ModelAdmin[Any]
    ModelForm = _ModelForm[Any]
    StackedInline = _StackedInline[Any, Any]
    TabularInline = _TabularInline[Any, Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    InfinitePaginator = Paginator[Any]
    ColourInput = TextInput
else:
    from django.forms import ModelForm
    from unfold.admin import ModelAdmin, StackedInline, TabularInline
    from unfold.forms import PaginationInlineFormSet as InlineFormSet
    from unfold.paginator import InfinitePaginator
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
    from unfold.widgets import UnfoldAdminColorInputWidget as ColourInput
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

__all__ = [
    "CheckboxSelectMultiple",
    "ColourInput",
    "Countless",
    "InlineFormSet",
    "ModelAdmin",
    "ModelForm",
    "NoDelete",
    "ReadOnly",
    "StackedInline",
    "TabularInline",
    "TextInput",
    "Textarea",
]


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
