"""Imports are kept before they are confirmed, and tried out by a worker."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

STATES = [
    ("draft", "is not confirmed yet"),
    ("waiting", "waits for a worker"),
    ("running", "is under way"),
    ("stopped", "was stopped"),
    ("done", "is done"),
    ("failed", "failed"),
    ("undoing", "is being undone"),
    ("undone", "is undone"),
]
OF_A_DRY_RUN = [
    ("waiting", "waits for a worker"),
    ("running", "is under way"),
    ("done", "is done"),
    ("failed", "failed"),
]
KINDS = [
    ("file", "the file"),
    ("refused", "rows that were not imported"),
    ("flagged", "rows whose address looks odd"),
    ("would_refuse", "rows that a dry run refused"),
    ("would_flag", "rows whose address looked odd to a dry run"),
]


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0011_segments_in_reports")]

    operations = [
        migrations.RemoveConstraint("import", "import_state_is_known"),
        migrations.AlterField(
            "import", "state", models.CharField(choices=STATES, db_default="waiting", max_length=8)
        ),
        migrations.AddConstraint(
            "import",
            models.CheckConstraint(
                condition=models.Q(("state__in", [state for state, _ in STATES])),
                name="import_state_is_known",
            ),
        ),
        migrations.AlterField("importpart", "kind", models.CharField(choices=KINDS, max_length=12)),
        migrations.CreateModel(
            name="DryRun",
            fields=[
                (
                    "of",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dry_run",
                        serialize=False,
                        to="subscribers.import",
                    ),
                ),
                ("state", models.CharField(choices=OF_A_DRY_RUN, db_default="waiting", max_length=7)),
                (
                    "number",
                    models.IntegerField(
                        help_text="Of this asking: a worker of an earlier one gives up",
                    ),
                ),
                (
                    "attempts",
                    models.IntegerField(db_default=0, help_text="Of workers since it was asked for"),
                ),
                ("position", models.BigIntegerField(db_default=0, help_text="Bytes that were read")),
                (
                    "counts",
                    models.JSONField(db_default={}, default=dict, help_text="As an import has them"),
                ),
                ("error", models.TextField(blank=True, db_default="")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _ in OF_A_DRY_RUN])),
                        name="dry_run_state_is_known",
                    )
                ],
            },
        ),
    ]
