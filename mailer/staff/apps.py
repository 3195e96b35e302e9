from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "mailer.staff"
    verbose_name = "Staff site"
