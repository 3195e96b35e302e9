"""Who may use the staff site, and in which roles. Nobody is deleted: what they did stays theirs in the audit log."""

from typing import Any, cast

# These register what is taken back below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from mailer.issues.editing.who import name_of
from mailer.staff.access.holding import is_administrator, why_not
from mailer.staff.access.wording import all_roles
from mailer.staff.accounts.entrance import replace_the_admins
from mailer.staff.accounts.invite import free_address, invite, new_user
from mailer.staff.accounts.second_factor import FACTORS, remove_second_factor
from mailer.staff.admin.base import InlineFormSet, ModelAdmin, ModelForm, NoDelete, TabularInline
from mailer.staff.audit import ADDITION, record
from mailer.staff.models import Role
from mailer.staff.page import page

# Rights come from roles, not from groups; what somebody signs in with is nobody else's to see.
replace_the_admins()
admin.site.unregister([User, Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])


class UserForm(ModelForm):
    """An account, new or not. A new one has no password: the invitation's link sets it."""

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name", "is_active")
        labels = {"email": "E-mail", "is_active": "May sign in"}
        help_texts = {
            "email": "Invitations and new passwords go there.",
            "is_active": "Switched off, somebody is signed out at once. What they did stays in the audit log.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            self.fields["email"].required = True

    def clean_email(self) -> str:
        given: str = self.cleaned_data["email"]
        if given.lower() == self.instance.email.lower() and self.instance.pk:
            return given
        return free_address(given)


class RoleFormSet(InlineFormSet):
    """Somebody's roles. Asked for by `by`, who may not end their own administration, nor the last one."""

    by: User

    def clean(self) -> None:
        super().clean()
        kept = [
            given
            for form in self.forms
            if (given := getattr(form, "cleaned_data", None)) and not given.get("DELETE") and "name" in given
        ]
        roles = [(given["name"], given["newsletter"].pk if given["newsletter"] else None) for given in kept]
        if len(set(roles)) < len(roles):
            raise forms.ValidationError("The same role stands there twice: leave one.")
        user: User = self.instance
        if user.pk is None:
            if not roles:
                raise forms.ValidationError("Choose a role: without one there is nothing to see.")
        elif not is_administrator(roles, user) and (why := why_not(user, by=self.by)):
            raise forms.ValidationError(why)


class RoleInline(TabularInline):
    model = Role
    formset = RoleFormSet
    extra = 0
    fields = ("name", "newsletter")
    verbose_name_plural = "Roles"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made: Any = super().get_formset(request, obj, **kwargs)
        return type("RoleFormSet", (made,), {"by": request.user})

    def get_min_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "newsletter" and field is not None:
            field.empty_label = "All newsletters"
            for act in ("add", "change", "delete", "view"):  # newsletters have pages of their own
                setattr(field.widget, f"can_{act}_related", False)
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What stands above a column is no label of the fields below: they say it themselves."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(db_field.verbose_name).capitalize()
        return field

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("staff.view_role")

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class FactorFilter(admin.SimpleListFilter):
    title = "second factor"
    parameter_name = "factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has one"), ("no", "Has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(has_factor=self.value() == "yes")


@admin.register(User)
class UserAdmin(NoDelete, ModelAdmin):
    form = UserForm
    list_display = ("username", "name", "held", "may_sign_in", "second_factor", "last_login")
    list_filter = ("is_active", FactorFilter, ("roles__name", admin.ChoicesFieldListFilter))
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("username",)
    inlines = (RoleInline,)
    readonly_fields = ("user_name", "superuser", "second_factor", "last_login", "date_joined")
    change_form_outer_before_template = "staff/accounts/user_bar.html"
    change_form_after_template = "staff/accounts/roles.html"
    list_before_template = "staff/accounts/invite_bar.html"
    list_after_template = "staff/accounts/roles.html"

    class Media:
        css = {"all": ("staff/account.css",)}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:number>/link/", view(self.send_link), name="auth_user_link"),
            path("<int:number>/second-factor/", view(self.forget_factor), name="auth_user_factor"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        about: list[Any] = ["email", ("first_name", "last_name")]
        if obj is None:
            return ((None, {"fields": about}),)
        signs_in = ("is_active", ("second_factor", "last_login"), ("user_name", "date_joined"))
        return (
            (None, {"fields": [*about, *(["superuser"] if obj.is_superuser else [])]}),
            ("Sign-in", {"fields": signs_in}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
        users: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = users.annotate(has_factor=Exists(factors))
        return annotated.prefetch_related("roles__newsletter")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Not by the password's hash: letter by letter a filter would tell it."""
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        shown = {"all_roles": all_roles()}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        shown: dict[str, Any] = {"all_roles": all_roles()}
        if object_id is None:
            shown |= {
                "title": "Invite somebody",
                "show_save_and_add_another": False,
                "show_save_and_continue": False,
            }
        return super().changeform_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        if not change:
            made = new_user(obj.email, obj.first_name, obj.last_name)
            obj.__dict__.update(made.__dict__)
            return
        if "email" in form.changed_data:
            # What django-allauth knows somebody by follows; what they type as their name does too.
            EmailAddress.objects.filter(user=obj).delete()
            if obj.username == form.initial["email"].lower():
                obj.username = obj.email
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        roles = "; ".join(str(role) for role in Role.objects.filter(user=obj).select_related("newsletter"))
        record(request.user, obj, f"Invited: {roles}.", ADDITION)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._invite(request, obj)

    @method_decorator(require_POST)
    def send_link(self, request: HttpRequest, number: int) -> HttpResponse:
        """Make a link by which somebody chooses a password, mail it, and show it. 403 to who may not change users."""
        user = self._of(request, number)
        if not user.is_active:
            messages.error(request, "They may not sign in: switch the account on first.")
            return redirect("admin:auth_user_change", user.pk)
        record(request.user, user, "Made a link to choose a password.")
        return self._invite(request, user)

    @method_decorator(require_POST)
    def forget_factor(self, request: HttpRequest, number: int) -> HttpResponse:
        """Remove somebody's second factor, which they lost. Answers 403 to who may not change users."""
        user = self._of(request, number)
        if user.pk == request.user.pk:
            return redirect(
                "mfa_index"
            )  # one's own is removed there, where the password is asked for once more
        if remove_second_factor(user, by=cast(User, request.user)):
            messages.success(request, "Removed: the password alone is enough, until they set up another.")
        else:
            messages.info(request, "They have none.")
        return redirect("admin:auth_user_change", user.pk)

    def _of(self, request: HttpRequest, number: int) -> User:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(User, pk=number)

    def _invite(self, request: HttpRequest, user: User) -> HttpResponse:
        invitation = invite(user, by=name_of(request.user))
        return page(request, "staff/accounts/invited.html", "Invited", invitation=invitation)

    @admin.display(description="user name")
    def user_name(self, user: User) -> str:
        return user.get_username()

    @admin.display(description="name")
    def name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="roles")
    def held(self, user: Any) -> str:
        roles = [str(role) for role in user.roles.all()]
        return "; ".join([*(["Superuser"] if user.is_superuser else []), *roles]) or "none"

    @admin.display(description="may sign in", boolean=True, ordering="is_active")
    def may_sign_in(self, user: User) -> bool:
        return user.is_active

    @admin.display(description="second factor", boolean=True, ordering="has_factor")
    def second_factor(self, user: Any) -> bool:
        return bool(user.has_factor)

    @admin.display(description="superuser")
    def superuser(self, user: User) -> str:
        return "May do everything, whatever the roles. Made at the command line."
