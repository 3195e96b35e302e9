from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_engagement")]
    operations = []
