import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issues", "0002_pace_of_a_newsletter")]
    operations = [
        migrations.AddField(
            model_name="newsletter",
            name="welcome_issue",
            field=models.ForeignKey(
                blank=True,
                help_text="Sent to whoever confirms a subscription, once. It goes to nobody else",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="issues.issue",
            ),
        ),
    ]
