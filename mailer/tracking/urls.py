from django.urls import path

from mailer.tracking import views

urlpatterns = [path("webhooks/sendgrid/events", views.events, name="sendgrid-events")]
