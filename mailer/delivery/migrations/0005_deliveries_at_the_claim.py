"""Deliveries are written at the claim of their batch, in the transaction that locks it and reads its subscribers.

So what the trigger checked holds by itself. That a batch with deliveries is never deleted stays guarded.
"""

from django.db import migrations

DROP = """
DROP TRIGGER delivery_points_to_what_exists ON delivery_delivery;
DROP FUNCTION delivery_points_to_what_exists();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_guard")]
    operations = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
