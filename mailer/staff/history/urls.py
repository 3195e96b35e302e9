from django.urls import path

from mailer.staff.history.views import audit, audit_csv

urlpatterns = [
    path("", audit, name="audit"),
    path("csv/", audit_csv, name="audit-csv"),
]
