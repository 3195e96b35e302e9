"""What is known of the report that is kept of a send: the form of its JSON, what counting it cost, who was told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0010_following"), ("tracking", "0005_alerts")]

    operations = [
        migrations.AlterField(
            model_name="sendfigures",
            name="send",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="figures",
                serialize=False,
                to="delivery.send",
            ),
        ),
        migrations.AddField(
            model_name="sendfigures",
            name="version",
            field=models.PositiveSmallIntegerField(help_text="Of the form of the JSON", null=True),
        ),
        migrations.AddField(
            model_name="sendfigures",
            name="seconds",
            field=models.FloatField(help_text="That counting took", null=True),
        ),
        migrations.AddField(
            model_name="sendfigures",
            name="told_at",
            field=models.DateTimeField(help_text="When the summary for the owner was written", null=True),
        ),
    ]
