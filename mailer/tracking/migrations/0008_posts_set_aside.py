"""A post that cannot be folded is set aside with the reason, tried again later, and told of by an alert."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0007_places")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="trouble",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Why it could not be folded and is set aside",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("webhook_silent", "SendGrid's event webhook is silent"),
                    ("folding_late", "Events wait too long to be counted"),
                    ("events_set_aside", "Events could not be counted"),
                    ("suppressions_failing", "Suppressions are not kept in step with SendGrid"),
                    ("send_paused", "A send has paused itself"),
                    ("complaints", "Complaints are over the limit"),
                    ("bounces", "Hard bounces are over the limit"),
                    ("authentication", "Receivers refuse mail for its authentication or by policy"),
                    ("blocklist", "Receivers refuse mail because of a block list"),
                ],
                max_length=40,
            ),
        ),
    ]
