"""The addresses that stand in every mail: short, and without a trailing slash, so that none is redirected."""

from django.urls import path

from subscribers import views

app_name = "subscribers"
urlpatterns = [
    path("u/<path:token>", views.unsubscribe, name="unsubscribe"),
    path("p/<path:token>", views.preferences, name="preferences"),
]
