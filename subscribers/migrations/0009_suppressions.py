"""Suppressions know whether SendGrid knows them, staff lift them with a reason, and lists pause whom mail does not reach."""

import django.db.models.functions.datetime
from django.db import migrations, models

REASONS = [
    ("bounce", "hard bounce"),
    ("complaint", "spam complaint"),
    ("invalid", "invalid address"),
    ("unsubscribe", "asked to get nothing at all"),
    ("manual", "by staff"),
]

KEEP = """
CREATE FUNCTION subscribers_keep_lifting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.address = '' AND NEW.detail = '' AND NEW.because = ''
        AND (NEW.id, NEW.reason, NEW.suppressed_at, NEW.at, NEW."by")
            = (OLD.id, OLD.reason, OLD.suppressed_at, OLD.at, OLD."by")
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Liftings are append-only: of an erased person the address and what was said go, no more.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER lifting_is_append_only BEFORE UPDATE OR DELETE ON subscribers_lifting
FOR EACH ROW EXECUTE FUNCTION subscribers_keep_lifting();
"""
FORGET = """
DROP TRIGGER lifting_is_append_only ON subscribers_lifting;
DROP FUNCTION subscribers_keep_lifting();
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0008_segments")]
    operations = [
        migrations.AlterModelOptions(
            name="suppression",
            options={"permissions": [("lift_suppression", "Can take an address off the suppressions")]},
        ),
        migrations.AddField(
            model_name="suppression",
            name="origin",
            field=models.CharField(
                choices=[("here", "entered here"), ("provider", "reported by SendGrid")],
                db_default="here",
                default="here",
                help_text="Who knew it first; SendGrid is told of what is entered here",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="suppression",
            name="pushed_at",
            field=models.DateTimeField(editable=False, help_text="When SendGrid was told", null=True),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(
                condition=models.Q(("origin", "here"), ("pushed_at", None)),
                fields=["id"],
                name="suppression_to_push",
            ),
        ),
        migrations.AddConstraint(
            model_name="suppression",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["here", "provider"])), name="suppression_origin_is_known"
            ),
        ),
        migrations.CreateModel(
            name="Lifting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        db_index=True, help_text="In lower case; empty once erased", max_length=320
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=REASONS, help_text="Of the suppression that was lifted", max_length=12
                    ),
                ),
                (
                    "detail",
                    models.TextField(
                        blank=True, db_default="", help_text="Of the suppression that was lifted"
                    ),
                ),
                ("suppressed_at", models.DateTimeField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("by", models.CharField(help_text="The person", max_length=200)),
                ("because", models.TextField(help_text="In that person's words")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", [reason for reason, _ in REASONS]),
                            models.Q(("reason", "complaint"), _negated=True),
                        ),
                        name="lifting_not_of_a_complaint",
                    )
                ]
            },
        ),
        migrations.RunSQL(KEEP, FORGET),
        migrations.AddField(
            model_name="mailinglist",
            name="soft_bounce_limit",
            field=models.PositiveSmallIntegerField(
                db_default=3,
                default=3,
                help_text="So many with no delivery since, and the mail to somebody is paused; 0: never",
                verbose_name="refused issues",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="soft_bounce_issues",
            field=models.PositiveSmallIntegerField(
                db_default=5,
                default=5,
                help_text="So many issues of the list are looked at",
                verbose_name="among the last issues",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="soft_bounce_pause_days",
            field=models.PositiveSmallIntegerField(db_default=30, default=30, verbose_name="days of pause"),
        ),
        migrations.AddConstraint(
            model_name="mailinglist",
            constraint=models.CheckConstraint(
                condition=models.Q(("soft_bounce_limit__lte", models.F("soft_bounce_issues"))),
                name="mailing_list_soft_bounces_within_issues",
                violation_error_message="There are more refused issues than issues that are looked at.",
            ),
        ),
        migrations.AlterModelOptions(
            name="subscriber",
            options={"permissions": [("export_subscriber", "Can export subscribers")]},
        ),
    ]
