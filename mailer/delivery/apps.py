from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "mailer.delivery"
    verbose_name = "Sends"

    def ready(self) -> None:
        """Every process that may hand out work needs the queue's settings, not only the workers; and in every one of
        them a letter may be asked for and somebody confirm."""
        from mailer.config import celery  # noqa: F401
        from mailer.delivery import confirmations, editing
        from mailer.delivery.letters import enter
        from mailer.delivery.was_sent import was_sent
        from subscribers.importing import sent

        enter.listen()
        confirmations.listen()
        editing.listen()
        sent.register(was_sent)
