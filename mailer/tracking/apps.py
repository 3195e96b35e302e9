from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "mailer.tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from mailer.tracking import engagement, person
        from mailer.tracking.leavings import on_left
        from subscribers.signals import left

        left.connect(on_left, dispatch_uid="mailer.tracking.leavings")
        person.register_sections()
        engagement.register()
