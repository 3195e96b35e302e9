from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0004_sign_up")]
    operations = []
