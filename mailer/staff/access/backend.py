"""Django's question `user.has_perm(right, about)`, answered from roles and from nothing else."""

from typing import TYPE_CHECKING, Any

from django.db.models import Model

from mailer.staff.access.scope import may

if TYPE_CHECKING:  # django-allauth has no type hints; its backend extends Django's
    from django.contrib.auth.backends import ModelBackend as AuthenticationBackend
else:
    from allauth.account.auth_backends import AuthenticationBackend


class RoleBackend(AuthenticationBackend):
    """Passwords as django-allauth checks them; rights from roles. Superusers have all: Django does not ask for them."""

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Whether somebody has a right; see access.scope.may."""
        return bool(user_obj.is_active) and not user_obj.is_anonymous and may(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether somebody may see any of an application: each of its pages asks again."""
        return bool(user_obj.is_active) and not user_obj.is_anonymous

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        """Nothing is granted one by one."""
        return set()
