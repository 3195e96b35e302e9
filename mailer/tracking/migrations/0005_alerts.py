"""What alerts can be about, and which notices told of one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0011_alerts"), ("tracking", "0004_following")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("webhook_silent", "SendGrid's event webhook is silent"),
                    ("folding_late", "Events wait too long to be counted"),
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
        migrations.AddField(
            model_name="alert",
            name="told",
            field=models.ManyToManyField(related_name="+", to="delivery.notice"),
        ),
    ]
