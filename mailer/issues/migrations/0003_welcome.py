from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("issues", "0002_pace_of_a_newsletter")]
    operations = []
