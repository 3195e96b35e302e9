from django.apps import AppConfig


class IssuesConfig(AppConfig):
    name = "mailer.issues"
    verbose_name = "Newsletters and issues"
