"""What was approved and what was planned, who started a send, and notices to others than the owner."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0012_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="approval",
            name="matter",
            field=models.JSONField(
                db_default={}, default=dict, help_text="Content and audience that the fingerprint is of"
            ),
        ),
        migrations.AddField(
            model_name="send",
            name="fingerprint",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of content and audience as they were planned: see approvals",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="send",
            name="started_by",
            field=models.ForeignKey(
                help_text="Empty: from the command line, or by the system",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="to",
            field=models.EmailField(
                blank=True,
                db_default="",
                help_text="Whom its mail goes to; empty: the newsletter's owner",
                max_length=254,
            ),
        ),
    ]
