import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

GUARD = """
CREATE TRIGGER consent_is_never_emptied BEFORE TRUNCATE ON subscribers_consent
FOR EACH STATEMENT EXECUTE FUNCTION subscribers_refuse('Consent is append-only: add a record instead.');

CREATE TRIGGER wording_is_never_emptied BEFORE TRUNCATE ON subscribers_wording
FOR EACH STATEMENT EXECUTE FUNCTION subscribers_refuse('A wording is never changed: add the next version instead.');
"""
UNGUARD = """
DROP TRIGGER wording_is_never_emptied ON subscribers_wording;
DROP TRIGGER consent_is_never_emptied ON subscribers_consent;
"""
REASONS = [
    ("bounce", "hard bounce"),
    ("complaint", "spam complaint"),
    ("invalid", "invalid address"),
    ("unsubscribe", "asked to get nothing at all"),
    ("manual", "by staff"),
]


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0005_preferences")]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address_hash",
                    models.CharField(
                        help_text="Keyed; none: nothing is to be known of the address",
                        max_length=32,
                        null=True,
                    ),
                ),
                (
                    "suppressed_for",
                    models.CharField(
                        blank=True,
                        choices=REASONS,
                        db_default="",
                        help_text="Why the address must still get nothing, whoever signs it up",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "by",
                    models.CharField(
                        help_text="The person, somebody of the staff, or the retention times", max_length=200
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="")),
                (
                    "ended_at",
                    models.DateTimeField(
                        help_text="The person signed up again and confirmed: from then on imports may hold the address",
                        null=True,
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="subscribers.subscriber",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["address_hash"], name="erasure_of_address")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("suppressed_for", ""),
                            models.Q(
                                ("address_hash__isnull", False),
                                ("suppressed_for__in", [reason for reason, _ in REASONS]),
                            ),
                            _connector="OR",
                        ),
                        name="erasure_suppression_is_known",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None),
                    models.Q(
                        ("attributes", {}),
                        ("country", ""),
                        ("email__endswith", "@erased.invalid"),
                        ("first_name", ""),
                        ("language", ""),
                        ("last_name", ""),
                        ("time_zone", ""),
                        ("topic_ids", []),
                    ),
                    _connector="OR",
                ),
                name="subscriber_erased_says_nothing",
            ),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
