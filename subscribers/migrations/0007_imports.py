import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

STATES = [
    ("waiting", "waits for a worker"),
    ("running", "is under way"),
    ("stopped", "was stopped"),
    ("done", "is done"),
    ("failed", "failed"),
    ("undoing", "is being undone"),
    ("undone", "is undone"),
]

# What the foreign keys of subscriptions and consents would say, checked for all rows of a statement at once: an
# import writes a million, and foreign keys are checked row by row. A list is locked as a foreign key would lock it;
# subscribers are deleted by nothing but the undoing of an import, which holds off whoever writes either table.
CHECK = """
CREATE FUNCTION subscribers_point_to_what_exists() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    missing bigint;
    named bigint;
    found bigint;
BEGIN
    -- Each through the index, whatever the planner thinks of a table that has just grown.
    SELECT count(*) INTO missing FROM added
    LEFT JOIN LATERAL (
        SELECT id FROM subscribers_subscriber WHERE id = added.subscriber_id OFFSET 0
    ) subscriber ON true
    WHERE subscriber.id IS NULL;
    IF missing > 0 THEN
        RAISE EXCEPTION '% needs a subscriber.', TG_ARGV[0] USING ERRCODE = 'foreign_key_violation';
    END IF;
    SELECT count(DISTINCT mailing_list_id) INTO named FROM added;
    SELECT count(*) INTO found FROM (
        SELECT FROM subscribers_mailinglist WHERE id IN (SELECT mailing_list_id FROM added) FOR KEY SHARE
    ) lists;
    IF named <> found THEN
        RAISE EXCEPTION '% needs a mailing list.', TG_ARGV[0] USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER subscription_points_to_what_exists AFTER INSERT ON subscribers_subscription
REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION subscribers_point_to_what_exists('A subscription');

CREATE TRIGGER consent_points_to_what_exists AFTER INSERT ON subscribers_consent
REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION subscribers_point_to_what_exists('A consent');

CREATE TRIGGER subscription_keeps_its_owner
BEFORE UPDATE OF subscriber_id, mailing_list_id ON subscribers_subscription FOR EACH ROW
WHEN (OLD.subscriber_id <> NEW.subscriber_id OR OLD.mailing_list_id <> NEW.mailing_list_id)
EXECUTE FUNCTION subscribers_refuse('A subscription stays with its subscriber and its list.');

CREATE FUNCTION subscribers_list_is_not_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed JOIN subscribers_subscription ON mailing_list_id = removed.id)
        OR EXISTS (SELECT FROM removed JOIN subscribers_consent ON mailing_list_id = removed.id)
    THEN
        RAISE EXCEPTION 'A mailing list with subscriptions or consents is never deleted.'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER list_is_not_used AFTER DELETE ON subscribers_mailinglist
REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION subscribers_list_is_not_used();
"""
UNCHECK = """
DROP TRIGGER list_is_not_used ON subscribers_mailinglist;
DROP FUNCTION subscribers_list_is_not_used();
DROP TRIGGER subscription_keeps_its_owner ON subscribers_subscription;
DROP TRIGGER consent_points_to_what_exists ON subscribers_consent;
DROP TRIGGER subscription_points_to_what_exists ON subscribers_subscription;
DROP FUNCTION subscribers_point_to_what_exists();
"""

# Subscribers stay for ever, but for those that an import made which is being undone. Their consents stay: they name nobody.
GUARD = """
CREATE FUNCTION subscribers_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM subscribers_import undone
        JOIN subscribers_importedrow journal ON journal.imported_by_id = undone.id AND journal.subscriber_id = OLD.id
        WHERE undone.state = 'undoing' AND journal.is_new
    ) THEN
        RAISE EXCEPTION 'A subscriber is never deleted: deliveries point to the row.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    LOCK TABLE subscribers_subscription, subscribers_consent IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM subscribers_subscription WHERE subscriber_id = OLD.id) THEN
        RAISE EXCEPTION 'A subscriber with subscriptions is never deleted.'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN OLD;
END $$;

DROP TRIGGER subscriber_is_never_deleted ON subscribers_subscriber;
CREATE TRIGGER subscriber_is_never_deleted BEFORE DELETE ON subscribers_subscriber
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse_deletion();
"""
UNGUARD = """
DROP TRIGGER subscriber_is_never_deleted ON subscribers_subscriber;
CREATE TRIGGER subscriber_is_never_deleted BEFORE DELETE ON subscribers_subscriber
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse('A subscriber is never deleted: deliveries point to the row.');
DROP FUNCTION subscribers_refuse_deletion();
"""

# Parts are compressed already.
STORE = "ALTER TABLE subscribers_importpart ALTER COLUMN content SET STORAGE EXTERNAL"


def _key(to: str, name: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=name,
        to=f"subscribers.{to}",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0006_privacy")]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(help_text="Of the file", max_length=200)),
                (
                    "mailing_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="subscribers.mailinglist",
                    ),
                ),
                (
                    "dialect",
                    models.JSONField(
                        help_text="How the file is written, see subscribers/importing/dialect.py"
                    ),
                ),
                (
                    "mapping",
                    models.JSONField(default=dict, help_text="What columns mean, where somebody said so"),
                ),
                ("meanings", models.JSONField(default=dict, help_text="What its columns mean, in words")),
                (
                    "rules",
                    models.JSONField(
                        default=dict, help_text="By field: what a merge does with a value that is there"
                    ),
                ),
                ("state", models.CharField(choices=STATES, db_default="waiting", max_length=8)),
                ("size", models.BigIntegerField(help_text="Bytes of the file as it is kept")),
                ("position", models.BigIntegerField(db_default=0, help_text="Bytes that were read")),
                (
                    "rows_read",
                    models.BigIntegerField(
                        db_default=0, help_text="Rows that are dealt with, empty ones among them"
                    ),
                ),
                ("counts", models.JSONField(db_default={}, default=dict)),
                ("error", models.TextField(blank=True, db_default="")),
                (
                    "attempts",
                    models.IntegerField(db_default=0, help_text="Of workers since it last came on"),
                ),
                ("started_by", models.CharField(blank=True, db_default="", max_length=200)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "moved_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When it last came on",
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("undone_by", models.CharField(blank=True, db_default="", max_length=200)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "undone",
                    models.JSONField(db_default={}, default=dict, help_text="What the undoing did"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["id"],
                        name="import_to_be_worked_on",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [state for state, _ in STATES])),
                        name="import_state_is_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "part_of_id",
                        "kind",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="subscribers.import",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("file", "the file"),
                            ("refused", "rows that were not imported"),
                            ("flagged", "rows whose address looks odd"),
                        ],
                        max_length=7,
                    ),
                ),
                ("number", models.IntegerField()),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "imported_by_id",
                        "subscriber_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="journal",
                        to="subscribers.import",
                    ),
                ),
                ("subscriber", _key("subscriber", "+", db_index=False)),
                ("is_new", models.BooleanField(help_text="The import made the person")),
                ("subscribed", models.BooleanField(help_text="The import made the subscription")),
                (
                    "suppressed",
                    models.BooleanField(db_default=False, help_text="The import suppressed the address"),
                ),
                (
                    "former_state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("unsubscribed", "Unsubscribed"),
                        ],
                        help_text="Of a subscription that it ended: what it was",
                        max_length=12,
                        null=True,
                    ),
                ),
                (
                    "former",
                    models.JSONField(
                        help_text="Values before the import, of the fields that it changed", null=True
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(help_text="What has a later changed_at was changed by others since"),
                ),
            ],
        ),
        migrations.AlterField("subscription", "subscriber", _key("subscriber", "subscriptions")),
        migrations.AlterField(
            "subscription", "mailing_list", _key("mailinglist", "subscriptions", db_index=False)
        ),
        migrations.AlterField("consent", "subscriber", _key("subscriber", "consents", db_index=False)),
        migrations.AlterField("consent", "mailing_list", _key("mailinglist", "consents", db_index=False)),
        migrations.RunSQL(STORE, migrations.RunSQL.noop),
        migrations.RunSQL(CHECK, UNCHECK),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
