"""Approvals, and lists for test mails."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0011_alerts"),
        ("issues", "0005_writing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(help_text="SHA-256 of content and audience", max_length=64)),
                ("audience", models.TextField(help_text="In words, as it was asked for")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("note", models.TextField(blank=True, db_default="")),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("approved", "approved"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                        ],
                        db_default="",
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                ("because", models.TextField(blank=True, db_default="")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "issue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approvals",
                        to="issues.issue",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="approval_answered_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "approved"), _negated=True),
                            models.Q(("answered_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="approval_by_another_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("answer", "")), fields=("issue",), name="approval_asked_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), size=None
                    ),
                ),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="test_lists",
                        to="issues.newsletter",
                    ),
                ),
            ],
            options={
                "ordering": ["newsletter", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("newsletter", "name"), name="test_list_once")
                ],
            },
        ),
    ]
