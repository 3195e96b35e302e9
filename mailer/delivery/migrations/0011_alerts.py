"""Notices with a subject, a page and HTML of their own; how the calls about suppressions went."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0010_following")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="subject",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of its mail; empty: made from what it is about",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="html",
            field=models.TextField(
                blank=True, db_default="", help_text="Its mail as HTML, beside the text; empty: text only"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="page",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Path on this site that says more; empty: the page of the send",
                max_length=200,
            ),
        ),
        migrations.CreateModel(
            name="SuppressionSync",
            fields=[
                (
                    "act",
                    models.CharField(
                        help_text="pull, push or remove", max_length=10, primary_key=True, serialize=False
                    ),
                ),
                ("succeeded_at", models.DateTimeField(help_text="When it last went through", null=True)),
                (
                    "failing_since",
                    models.DateTimeField(
                        help_text="Its first failure since then; empty while it works", null=True
                    ),
                ),
                ("failures", models.PositiveIntegerField(db_default=0, help_text="In a row")),
                ("failure", models.CharField(blank=True, db_default="", max_length=500)),
            ],
        ),
    ]
