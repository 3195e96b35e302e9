from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0007_imports")]
    # No plan uses it, and every import pays for it.
    operations = [migrations.RemoveIndex(model_name="subscriber", name="subscriber_topics")]
