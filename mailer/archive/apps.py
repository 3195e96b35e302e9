from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "mailer.archive"
    verbose_name = "Public archive"

    def ready(self) -> None:
        from mailer.archive import plans

        plans.listen()
