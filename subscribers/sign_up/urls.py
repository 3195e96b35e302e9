"""The addresses of sign-up."""

from django.urls import path

from subscribers.sign_up import api, views

urlpatterns = [
    path("s/<slug:slug>", views.form, name="sign_up"),
    path("s/<slug:slug>/sent", views.signed_up, name="signed_up"),
    path("confirm/<path:token>", views.confirmation, name="confirm"),
    path("api/sign-up/<slug:slug>", api.endpoint, name="sign_up_api"),
]
