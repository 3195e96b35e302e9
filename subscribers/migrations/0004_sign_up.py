from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_letters_segments_cadence")]
    operations = []
