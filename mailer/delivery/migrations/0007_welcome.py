from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0006_letters")]
    operations = [
        migrations.AddField(
            model_name="send",
            name="rolling",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of a welcome issue: whoever confirms is added to it, and nobody else gets it",
            ),
        ),
        migrations.AddConstraint(
            model_name="send",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rolling", False),
                    models.Q(
                        ("local_date", None),
                        ("planned_at__isnull", False),
                        ("previous", None),
                        ("scheduled_at", None),
                        ("test_share", None),
                    ),
                    _connector="OR",
                ),
                name="send_rolling_is_plain",
            ),
        ),
    ]
