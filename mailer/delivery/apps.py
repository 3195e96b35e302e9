from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "mailer.delivery"
    verbose_name = "Sends"

    def ready(self) -> None:
        """Every process that may hand out work needs the queue's settings, not only the workers."""
        from mailer.config import celery  # noqa: F401
