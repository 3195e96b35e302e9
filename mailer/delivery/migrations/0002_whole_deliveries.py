"""What the foreign keys of a delivery would say, checked for all rows of a statement at once.

Deliveries are written by the plan, a million in one statement, and foreign keys are checked row by row.
Nothing that a delivery points to can vanish afterwards: subscribers are never deleted (see the store's own
guards), and batches only together with their deliveries, which a trigger holds too.
"""

from django.db import migrations

CHECK = """
CREATE FUNCTION delivery_points_to_what_exists() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN delivery_batch batch ON batch.id = added.batch_id AND batch.send_id = added.send_id
        WHERE batch.id IS NULL
    ) THEN
        RAISE EXCEPTION 'A delivery needs a batch of its own send.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN subscribers_subscriber subscriber ON subscriber.id = added.subscriber_id
        WHERE subscriber.id IS NULL
    ) THEN
        RAISE EXCEPTION 'A delivery needs a subscriber.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER delivery_points_to_what_exists AFTER INSERT ON delivery_delivery
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION delivery_points_to_what_exists();

CREATE FUNCTION batch_has_no_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM removed JOIN delivery_delivery delivery
        ON delivery.send_id = removed.send_id AND delivery.batch_id = removed.id
    ) THEN
        RAISE EXCEPTION 'A batch with deliveries is never deleted.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER batch_has_no_deliveries AFTER DELETE ON delivery_batch
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION batch_has_no_deliveries();
"""

UNCHECK = """
DROP TRIGGER batch_has_no_deliveries ON delivery_batch;
DROP FUNCTION batch_has_no_deliveries();
DROP TRIGGER delivery_points_to_what_exists ON delivery_delivery;
DROP FUNCTION delivery_points_to_what_exists();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [migrations.RunSQL(CHECK, UNCHECK)]
