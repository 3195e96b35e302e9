"""The index of the search, and the triggers that say what it does not know yet."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

# One range for all that an insertion numbered in a row: a million imported people cost one row. Where the numbers are
# far apart a range would name many others, so there each is a range of its own.
FOLLOW = """
CREATE FUNCTION subscribers_search_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lowest bigint;
    highest bigint;
    added bigint;
BEGIN
    SELECT min(id), max(id), count(*) INTO lowest, highest, added FROM new_subscriber;
    IF highest - lowest < 2 * added THEN
        INSERT INTO subscribers_searchchange (first_id, last_id) VALUES (lowest, highest);
    ELSIF added > 0 THEN
        INSERT INTO subscribers_searchchange (first_id, last_id) SELECT id, id FROM new_subscriber;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER subscriber_added_to_search AFTER INSERT ON subscribers_subscriber
REFERENCING NEW TABLE AS new_subscriber
FOR EACH STATEMENT EXECUTE FUNCTION subscribers_search_added();

CREATE FUNCTION subscribers_search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A set operation and no join: the plan is kept for the next statement, and a join planned for one row would take
    -- an hour for a million.
    WITH changed AS (
        SELECT id FROM (
            SELECT id, email, first_name, last_name FROM new_subscriber WHERE erased_at IS NULL
            EXCEPT SELECT id, email, first_name, last_name FROM old_subscriber
        ) different
    ), whole AS (
        SELECT min(id) AS lowest, max(id) AS highest, max(id) - min(id) < 2 * count(*) AS is_dense FROM changed
    )
    INSERT INTO subscribers_searchchange (first_id, last_id)
    SELECT lowest, highest FROM whole WHERE is_dense
    UNION ALL
    SELECT id, id FROM changed WHERE NOT (SELECT is_dense FROM whole);

    DELETE FROM subscribers_searchentry
    WHERE subscriber_id IN (SELECT id FROM new_subscriber WHERE erased_at IS NOT NULL);
    RETURN NULL;
END $$;

CREATE TRIGGER subscriber_changed_in_search AFTER UPDATE ON subscribers_subscriber
REFERENCING OLD TABLE AS old_subscriber NEW TABLE AS new_subscriber
FOR EACH STATEMENT EXECUTE FUNCTION subscribers_search_changed();

INSERT INTO subscribers_searchchange (first_id, last_id)
SELECT min(id), max(id) FROM subscribers_subscriber HAVING count(*) > 0;
"""
LEAVE = """
DROP TRIGGER subscriber_changed_in_search ON subscribers_subscriber;
DROP TRIGGER subscriber_added_to_search ON subscribers_subscriber;
DROP FUNCTION subscribers_search_changed();
DROP FUNCTION subscribers_search_added();
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0009_suppressions")]
    operations = [
        migrations.CreateModel(
            name="SearchChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "subscriber",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="subscribers.subscriber",
                    ),
                ),
                (
                    "grams",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["grams"], name="search_entry_grams")
                ]
            },
        ),
        migrations.RunSQL(FOLLOW, LEAVE),
    ]
