"""What stands on the web of a send."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("delivery", "0012_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebEdition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("variant", models.PositiveSmallIntegerField(db_default=0)),
                ("language", models.CharField(max_length=35)),
                (
                    "subject",
                    models.TextField(help_text="As it reads for nobody in particular, like all but html"),
                ),
                ("description", models.TextField(blank=True, help_text="The preheader")),
                ("html", models.TextField(help_text="The mail, with the keys of its merge tags")),
                ("tags", models.JSONField(help_text="Merge tags: key, expression, context")),
                (
                    "stories",
                    models.JSONField(help_text="Of each story: number in the issue, headline, topics by id"),
                ),
                (
                    "topic_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="Of all stories", size=None
                    ),
                ),
                ("image", models.TextField(blank=True, help_text="Address of the first picture")),
                ("image_alt", models.TextField(blank=True)),
                (
                    "text",
                    models.TextField(help_text="The text of the issue without links, which is searched"),
                ),
                (
                    "words",
                    django.contrib.postgres.search.SearchVectorField(
                        help_text="Of subject, headlines and text"
                    ),
                ),
                ("kept_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "send",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="web_editions",
                        to="delivery.send",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["words"], name="web_edition_words")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("send", "variant"), name="web_edition_once_per_variant")
                ],
            },
        ),
    ]
