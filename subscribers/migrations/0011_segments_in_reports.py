"""Segments that reports show by themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscribers", "0010_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="in_reports",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Reports of issues show the people in it by themselves",
            ),
        ),
    ]
