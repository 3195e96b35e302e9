from django.urls import path

from mailer.delivery.views import view_in_browser

app_name = "delivery"
urlpatterns = [path("v/<str:token>", view_in_browser, name="view")]
