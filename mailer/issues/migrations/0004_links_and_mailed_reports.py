"""UTM parameters of links, and a summary that is mailed to the owner."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0003_welcome"),
    ]

    operations = [
        migrations.AddField(
            model_name="newsletter",
            name="report_by_mail",
            field=models.BooleanField(
                db_default=False, default=False, help_text="The owner gets a summary a day after each issue"
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="utm_campaign",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="May hold {newsletter}, {issue} and {date}",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="utm_content",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="May hold {story}: its number in the issue",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="utm_medium",
            field=models.CharField(blank=True, db_default="", max_length=100),
        ),
        migrations.AddField(
            model_name="newsletter",
            name="utm_source",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Added to links as utm_source; empty: nothing is",
                max_length=100,
            ),
        ),
    ]
