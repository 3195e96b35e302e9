from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0006_privacy")]
    operations = []
