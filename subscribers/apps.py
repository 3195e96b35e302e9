from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    name = "subscribers"
    verbose_name = "Subscribers"

    def ready(self) -> None:
        from subscribers.person.own import register_own
        from subscribers.person.traces import register_traces
        from subscribers.privacy import erased
        from subscribers.signals import confirmed

        register_own()
        register_traces()
        confirmed.connect(erased.on_confirmed, dispatch_uid="subscribers.privacy.erased")
