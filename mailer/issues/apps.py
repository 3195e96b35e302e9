from django.apps import AppConfig


class IssuesConfig(AppConfig):
    name = "mailer.issues"
    verbose_name = "Newsletters and issues"

    def ready(self) -> None:
        from mailer.issues.brand import brand_of_list
        from subscribers import brand

        brand.register(brand_of_list)
