"""Events by month, posts that wait in whole, every click with what marked it, figures as counted last, alerts.

Events that were folded move into the new table, month by month; those that were not wait again, as posts.
"""

import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

EVENTS_BY_MONTH = """
ALTER TABLE tracking_event RENAME TO tracking_event_before;
ALTER TABLE tracking_event_before DROP CONSTRAINT tracking_event_pkey;
DROP INDEX event_to_fold, event_of_subscriber, event_with_address_only;

CREATE SEQUENCE tracking_event_number;
CREATE TABLE tracking_event (
    id bigint NOT NULL DEFAULT nextval('tracking_event_number'),
    sg_event_id varchar(200) NOT NULL,
    kind varchar(40) NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    subscriber_id bigint,
    payload jsonb NOT NULL,
    CONSTRAINT tracking_event_pkey PRIMARY KEY (id, at),
    CONSTRAINT event_once UNIQUE (at, sg_event_id)
) PARTITION BY RANGE (at);
CREATE INDEX event_of_subscriber ON tracking_event (subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX event_with_address_only ON tracking_event (lower(payload ->> 'email')) WHERE subscriber_id IS NULL;

-- Make the partition of a month (its first day, in UTC), unless it is there. Attaching blocks neither readers nor writers.
CREATE FUNCTION tracking_event_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    child text := 'tracking_event_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(child) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('tracking_event_month'));
    -- Not to_regclass: who has waited here knows nothing yet of what the other one made.
    IF EXISTS (SELECT FROM pg_class WHERE relname = child AND relkind = 'r') THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE %I (LIKE tracking_event INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING CONSTRAINTS)', child
    );
    EXECUTE format(
        'ALTER TABLE tracking_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', child,
        month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
    );
END
$$;

SELECT tracking_event_month(month) FROM (
    SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date AS month FROM tracking_event_before
) months;
INSERT INTO tracking_event (sg_event_id, kind, at, received_at, subscriber_id, payload)
SELECT sg_event_id, kind, at, received_at,
    CASE WHEN payload ->> 'mailer_subscriber' ~ '^[1-9][0-9]{0,17}$'
        THEN (payload ->> 'mailer_subscriber')::bigint END,
    payload
FROM tracking_event_before WHERE folded_at IS NOT NULL ORDER BY id;
INSERT INTO tracking_post (received_at, events, body)
SELECT max(received_at), count(*), convert_to('[' || string_agg(payload::text, ',' ORDER BY id) || ']', 'UTF8')
FROM tracking_event_before WHERE folded_at IS NULL GROUP BY id / 1000 ORDER BY id / 1000;
DROP TABLE tracking_event_before;
"""

# A post is read once and deleted: to compress it would only cost time.
POSTS_AS_THEY_ARE = "ALTER TABLE tracking_post ALTER COLUMN body SET STORAGE EXTERNAL"

CLICKS_EACH_MOMENT = """
ALTER TABLE tracking_click DROP CONSTRAINT tracking_click_pkey;
ALTER TABLE tracking_click ADD CONSTRAINT tracking_click_pkey PRIMARY KEY (link_id, subscriber_id, at);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0010_following"),
        ("issues", "0004_links_and_mailed_reports"),
        ("subscribers", "0011_segments_in_reports"),
        ("tracking", "0003_retention"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, max_length=100)),
                ("text", models.TextField()),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-began_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("kind", "subject"),
                        name="alert_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NewsletterFigures",
            fields=[
                (
                    "newsletter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="figures",
                        serialize=False,
                        to="issues.newsletter",
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("data", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="SendFigures",
            fields=[
                (
                    "send",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="figures",
                        serialize=False,
                        to="delivery.send",
                    ),
                ),
                ("counted_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("data", models.JSONField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("events", models.PositiveIntegerField(help_text="How many it holds")),
                ("body", models.BinaryField(help_text="As it came")),
            ],
        ),
        migrations.RunSQL(POSTS_AS_THEY_ARE, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="RefusedItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("why", models.CharField(max_length=200)),
                ("item", models.TextField(help_text="As it came, cut where it is long")),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENTS_BY_MONTH)],
            state_operations=[
                migrations.RemoveIndex(model_name="event", name="event_to_fold"),
                migrations.RemoveIndex(model_name="event", name="event_of_subscriber"),
                migrations.RemoveIndex(model_name="event", name="event_with_address_only"),
                migrations.RemoveField(model_name="event", name="folded_at"),
                migrations.AddField(
                    model_name="event",
                    name="subscriber_id",
                    field=models.BigIntegerField(
                        help_text="As our custom argument says; perhaps nobody's", null=True
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="sg_event_id",
                    field=models.CharField(max_length=200),
                ),
                migrations.AddIndex(
                    model_name="event",
                    index=models.Index(
                        condition=models.Q(("subscriber_id__isnull", False)),
                        fields=["subscriber_id"],
                        name="event_of_subscriber",
                    ),
                ),
                migrations.AddIndex(
                    model_name="event",
                    index=models.Index(
                        django.db.models.functions.text.Lower(
                            django.db.models.fields.json.KT("payload__email")
                        ),
                        condition=models.Q(("subscriber_id", None)),
                        name="event_with_address_only",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="event",
                    constraint=models.UniqueConstraint(fields=("at", "sg_event_id"), name="event_once"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="click",
            name="place",
            field=models.PositiveSmallIntegerField(
                help_text="Of the link in the mail, from 0; the same address may stand in several", null=True
            ),
        ),
        migrations.AddField(
            model_name="click",
            name="rule",
            field=models.CharField(
                blank=True,
                choices=[
                    ("scanner", "a known scanner's user agent or network"),
                    ("burst", "many links at once, just after delivery and before any open"),
                    ("instant", "faster after delivery than anybody reads, before any open"),
                ],
                db_default="",
                max_length=10,
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CLICKS_EACH_MOMENT)],
            state_operations=[
                migrations.AlterField(
                    model_name="click",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "link_id",
                        "subscriber_id",
                        "at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="click",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule__in", ["", "scanner", "burst", "instant"])),
                name="click_rule_is_known",
            ),
        ),
    ]
