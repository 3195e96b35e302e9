from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "mailer.staff"
    verbose_name = "Staff site"

    def ready(self) -> None:
        from mailer.staff.accounts.recorded import listen
        from mailer.staff.person import register_history

        register_history()
        listen()
