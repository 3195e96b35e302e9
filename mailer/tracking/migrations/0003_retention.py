"""Events of one person are found by an index, and events that are deleted leave behind since when they are kept."""

import django.db.models.fields.json
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_engagement")]

    operations = [
        migrations.CreateModel(
            name="EventsKept",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="events_kept_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                django.db.models.fields.json.KT("payload__mailer_subscriber"), name="event_of_subscriber"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                django.db.models.functions.text.Lower(django.db.models.fields.json.KT("payload__email")),
                condition=models.Q(("payload__has_key", "mailer_subscriber"), _negated=True),
                name="event_with_address_only",
            ),
        ),
    ]
