"""Writing on the site: backlog, images, feeds, versions, own themes."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0004_links_and_mailed_reports"),
        ("subscribers", "0011_segments_in_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.URLField(max_length=2000)),
                (
                    "title",
                    models.CharField(blank=True, help_text="Empty: as the feed calls itself", max_length=300),
                ),
                ("enabled", models.BooleanField(db_default=True, default=True)),
                (
                    "every",
                    models.PositiveIntegerField(
                        db_default=60,
                        default=60,
                        help_text="Minutes between two looks",
                        validators=[django.core.validators.MinValueValidator(5)],
                    ),
                ),
                ("etag", models.CharField(blank=True, db_default="", max_length=300)),
                ("modified", models.CharField(blank=True, db_default="", max_length=100)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0, help_text="In a row")),
                ("failed_because", models.CharField(blank=True, db_default="", max_length=500)),
            ],
            options={
                "ordering": ["newsletter", "id"],
            },
        ),
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(help_text="SHA-256 of the entry's id", max_length=64)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.FileField(max_length=200, upload_to="images/%Y/%m")),
                ("name", models.CharField(help_text="Of the file that was uploaded", max_length=200)),
                ("alt", models.CharField(blank=True, db_default="", max_length=300)),
                ("width", models.PositiveIntegerField(help_text="Pixels")),
                ("height", models.PositiveIntegerField(help_text="Pixels")),
                ("size", models.PositiveIntegerField(help_text="Bytes")),
                ("sha256", models.CharField(help_text="Of the file as it is kept", max_length=64)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="OwnTheme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ThemeVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1")),
                (
                    "files",
                    models.JSONField(help_text="Source by file name; issue.mjml is the first that is read"),
                ),
                ("note", models.CharField(blank=True, db_default="", max_length=300)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["theme", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                ("content", models.JSONField(help_text="Fields and stories as editing writes them")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "why",
                    models.CharField(
                        blank=True, db_default="", help_text="Such as: restored from 4", max_length=200
                    ),
                ),
            ],
            options={
                "ordering": ["issue", "-revision"],
            },
        ),
        migrations.AddField(
            model_name="issue",
            name="edited_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="issue",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="issue",
            name="revision",
            field=models.PositiveIntegerField(
                db_default=1, default=1, help_text="Of what editors wrote: each change counts it up by one"
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="font",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "As the theme has it"),
                    ("sans", "Sans serif"),
                    ("serif", "Serif"),
                    ("rounded", "Rounded"),
                    ("mono", "Typewriter"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="needs_approval",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="An issue goes out only after somebody other than who asks has approved it",
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="page_colour",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Behind the issue; empty: the theme's",
                max_length=7,
                validators=[
                    django.core.validators.RegexValidator("^#[0-9a-fA-F]{6}$", "Write it as #0f5c6e.")
                ],
            ),
        ),
        migrations.AddField(
            model_name="story",
            name="created_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="story",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="story",
            name="hidden",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Kept in the issue, and shown to nobody"
            ),
        ),
        migrations.AddField(
            model_name="story",
            name="newsletter",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose backlog it waits in; empty for a story of an issue",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="backlog",
                to="issues.newsletter",
            ),
        ),
        migrations.AlterField(
            model_name="story",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stories",
                to="issues.issue",
            ),
        ),
        migrations.AlterField(
            model_name="story",
            name="position",
            field=models.PositiveSmallIntegerField(blank=True, help_text="In its issue, from 1", null=True),
        ),
        migrations.AddConstraint(
            model_name="story",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issue__isnull", False), ("newsletter", None), ("position__isnull", False)),
                    models.Q(("issue", None), ("newsletter__isnull", False), ("position", None)),
                    _connector="OR",
                ),
                name="story_of_an_issue_or_a_backlog",
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="newsletter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="feeds", to="issues.newsletter"
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="topics",
            field=models.ManyToManyField(
                blank=True,
                help_text="Given to each of its stories",
                related_name="feeds",
                to="subscribers.topic",
            ),
        ),
        migrations.AddField(
            model_name="feedentry",
            name="feed",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="entries",
                to="issues.feed",
            ),
        ),
        migrations.AddField(
            model_name="feedentry",
            name="story",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="entries",
                to="issues.story",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="newsletter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="images", to="issues.newsletter"
            ),
        ),
        migrations.AddField(
            model_name="owntheme",
            name="newsletter",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose it is; empty: offered to every newsletter",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="own_themes",
                to="issues.newsletter",
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="own_theme",
            field=models.ForeignKey(
                blank=True,
                help_text="One that was uploaded, in place of a built-in theme",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="newsletters",
                to="issues.owntheme",
            ),
        ),
        migrations.AddField(
            model_name="themeversion",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="themeversion",
            name="theme",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="issues.owntheme",
            ),
        ),
        migrations.AddField(
            model_name="version",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="version",
            name="issue",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="issues.issue",
            ),
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.UniqueConstraint(fields=("newsletter", "url"), name="feed_once_per_newsletter"),
        ),
        migrations.AddConstraint(
            model_name="feedentry",
            constraint=models.UniqueConstraint(fields=("feed", "key"), name="feed_entry_once"),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.UniqueConstraint(
                fields=("newsletter", "sha256"), name="image_once_per_newsletter"
            ),
        ),
        migrations.AddConstraint(
            model_name="themeversion",
            constraint=models.UniqueConstraint(fields=("theme", "number"), name="theme_version_once"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                fields=("issue", "revision"), name="version_once_per_revision"
            ),
        ),
    ]
