"""A click knows the edition in which it was made: by it and the place click maps are counted from the clicks alone."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE tracking_click click SET edition_id = batch.edition_id
FROM delivery_link link, delivery_delivery delivery, delivery_batch batch
WHERE link.id = click.link_id AND delivery.send_id = link.send_id AND delivery.subscriber_id = click.subscriber_id
    AND batch.id = delivery.batch_id
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0010_following"), ("tracking", "0006_reports")]

    operations = [
        migrations.AddField(
            model_name="click",
            name="edition",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="delivery.edition",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
