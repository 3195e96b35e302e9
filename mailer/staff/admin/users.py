"""Who may use the staff site."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User

from mailer.staff.admin.base import ModelAdmin

if TYPE_CHECKING:
    _UserAdmin = DjangoUserAdmin[User]
    _GroupAdmin = DjangoGroupAdmin
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

    class _UserAdmin(DjangoUserAdmin, ModelAdmin):
        form = UserChangeForm
        add_form = UserCreationForm
        change_password_form = AdminPasswordChangeForm

    class _GroupAdmin(DjangoGroupAdmin, ModelAdmin):
        pass


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(_UserAdmin):
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "last_login")


@admin.register(Group)
class GroupAdmin(_GroupAdmin):
    pass
