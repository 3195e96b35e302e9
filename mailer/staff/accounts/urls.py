"""The page of one's own account, and what stands in for pages of django-allauth that this site has not."""

from django.urls import path
from django.views.generic import RedirectView

from mailer.staff.accounts.views import account

urlpatterns = [
    path("", account, name="staff_account"),
    # An address is what an account is known by: administrators change it.
    path("email/", RedirectView.as_view(pattern_name="staff_account")),
]
