"""Roles of the staff."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("issues", "0005_writing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("editor", "Editor"),
                            ("approver", "Approver"),
                            ("marketer", "Marketer"),
                            ("administrator", "Administrator"),
                            ("reader", "Read only"),
                        ],
                        max_length=13,
                        verbose_name="role",
                    ),
                ),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "newsletter",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: at every newsletter, and for what belongs to none",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="issues.newsletter",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["user", "newsletter", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "name", "newsletter"), name="role_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
