"""Whether the issues that were sent stand on the web."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0005_writing"),
    ]

    operations = [
        migrations.AddField(
            model_name="newsletter",
            name="archive",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Issues that were sent stand on the web, for everybody",
                verbose_name="public archive",
            ),
        ),
    ]
