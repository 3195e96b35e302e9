import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_audience"), ("subscribers", "0009_suppressions")]
    operations = [
        migrations.CreateModel(
            name="PulledList",
            fields=[
                (
                    "name",
                    models.CharField(
                        help_text="As in the API: bounces, spam_reports, …",
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("until", models.DateTimeField(help_text="By SendGrid's clock")),
                ("read_at", models.DateTimeField(help_text="When a page of it was read last")),
            ],
        ),
        migrations.CreateModel(
            name="Removal",
            fields=[
                (
                    "lifting",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="removal",
                        serialize=False,
                        to="subscribers.lifting",
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("blocked_at__isnull", False), ("deferred_at__isnull", False), _connector="OR"
                ),
                fields=["send"],
                name="delivery_refused_of_send",
            ),
        ),
    ]
