from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0008_segments")]
    operations = []
