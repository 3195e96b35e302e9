"""The addresses that stand in every mail: short, and without a trailing slash, so that none is redirected."""

from django.urls import path

from subscribers import views
from subscribers.privacy import views as privacy
from subscribers.sign_up.urls import urlpatterns as sign_up

app_name = "subscribers"
urlpatterns = [
    path("u/<path:token>", views.unsubscribe, name="unsubscribe"),
    path("p", views.own_link, name="own-link"),
    path("p/<path:token>", views.preferences, name="preferences"),
    path("address/<path:token>", views.address, name="address"),
    path("data/<path:token>", privacy.data, name="data"),
    path("erase/<path:token>", privacy.erasure, name="erase"),
    path("brand/<str:colour>.css", views.brand_style, name="brand-style"),
    *sign_up,
]
