import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

GUARD = """
CREATE TRIGGER wording_is_append_only BEFORE UPDATE OR DELETE ON subscribers_wording
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse('A wording is never changed: add the next version instead.');
"""
UNGUARD = "DROP TRIGGER wording_is_append_only ON subscribers_wording"


class Migration(migrations.Migration):
    dependencies = [
        ("subscribers", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirm", "confirm the subscription"),
                            ("already", "somebody signed up with an address that is on the list"),
                            ("address", "confirm a new address"),
                            ("moved", "tell the former address that mail goes to a new one"),
                            ("link", "the link to one's own preferences"),
                            ("export", "the link to all that is held on a person"),
                            ("erase", "confirm the erasure of all that is held on a person"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Where it goes; empty: the subscriber's own",
                        max_length=320,
                    ),
                ),
                (
                    "reference",
                    models.BigIntegerField(
                        help_text="What it is about: the number of an address change, or when a confirmation's link ends",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
                ("rule", models.JSONField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("rule", models.JSONField(help_text="The segment's, at that moment")),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("size", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["-taken_at"],
            },
        ),
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["mailing_list", "-version"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="consent",
            name="consent_action_is_known",
        ),
        migrations.AddField(
            model_name="subscriber",
            name="erased_at",
            field=models.DateTimeField(
                editable=False, help_text="Nothing that says who they were is left in the row", null=True
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="cadence",
            field=models.CharField(
                choices=[
                    ("every", "every issue"),
                    ("second", "every second issue"),
                    ("monthly", "one a month"),
                ],
                db_default="every",
                default="every",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="paused_because",
            field=models.CharField(
                choices=[
                    ("asked", "asked for by the subscriber"),
                    ("soft_bounces", "mail was refused again and again"),
                ],
                db_default="asked",
                default="asked",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="action",
            field=models.CharField(
                choices=[
                    ("imported", "Imported"),
                    ("signed_up", "Signed Up"),
                    ("confirmed", "Confirmed"),
                    ("changed", "Changed"),
                    ("left", "Left"),
                    ("erased", "Erased"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("cadence__in", ["every", "second", "monthly"])),
                name="subscription_cadence_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("paused_because__in", ["asked", "soft_bounces"])),
                name="subscription_pause_reason_is_known",
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="mailing_list",
            field=models.ForeignKey(
                db_index=False,
                help_text="In whose name it goes out",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscribers.mailinglist",
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="subscriber",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="letters",
                to="subscribers.subscriber",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="segment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="snapshots",
                to="subscribers.segment",
            ),
        ),
        migrations.AddField(
            model_name="wording",
            name="mailing_list",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="wordings",
                to="subscribers.mailinglist",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="wording",
            field=models.ForeignKey(
                db_index=False,
                help_text="What the person read when they agreed",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscribers.wording",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("action__in", ["imported", "signed_up", "confirmed", "changed", "left", "erased"])
                ),
                name="consent_action_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["confirm", "already", "address", "moved", "link", "export", "erase"])
                ),
                name="letter_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="wording",
            constraint=models.UniqueConstraint(
                fields=("mailing_list", "version"), name="wording_version_once_per_list"
            ),
        ),
        migrations.CreateModel(
            name="SnapshotMember",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "snapshot_id",
                        "subscriber_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="subscribers.snapshot",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subscribers.subscriber",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
