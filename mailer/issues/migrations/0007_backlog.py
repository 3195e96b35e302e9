"""Whether somebody worked on a story, and no two pictures in one file."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0006_archive"),
    ]

    operations = [
        migrations.AddField(
            model_name="story",
            name="touched_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When somebody last worked on it; empty: as a feed brought it",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="file",
            field=models.FileField(max_length=200, unique=True, upload_to="images/%Y/%m"),
        ),
    ]
