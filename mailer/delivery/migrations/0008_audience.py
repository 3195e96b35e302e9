import django.db.models.deletion
from django.db import migrations, models

REASONS = [
    ("complaint", "complained about spam"),
    ("bounce", "address bounced for good"),
    ("invalid", "address is invalid"),
    ("unsubscribed_everywhere", "asked to get nothing at all"),
    ("suppressed", "suppressed by staff"),
    ("unsubscribed", "left the list"),
    ("unconfirmed", "has not confirmed the subscription"),
    ("paused", "paused by the subscriber"),
    ("soft_bounces", "paused, because mail was refused again and again"),
    ("already", "has this issue from an earlier send, or may have"),
    ("every_second", "wants every second issue and has the last one"),
    ("monthly", "wants one a month and has had one"),
    ("no_stories", "no story on the topics chosen"),
    ("cancelled", "the send was cancelled before"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0007_welcome"),
        ("subscribers", "0003_letters_segments_cadence"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="exclusion", name="exclusion_reason_is_known"),
        migrations.AlterField(
            model_name="exclusion",
            name="reason",
            field=models.CharField(choices=REASONS, max_length=24),
        ),
        migrations.AddConstraint(
            model_name="exclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", [reason for reason, _ in REASONS])),
                name="exclusion_reason_is_known",
            ),
        ),
        migrations.CreateModel(
            name="SendSegment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "out",
                    models.BooleanField(db_default=False, help_text="Those in it do not get the send"),
                ),
                ("rule", models.JSONField()),
                ("sentence", models.TextField(help_text="The rule, as people read it")),
                (
                    "segment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sends",
                        to="subscribers.segment",
                    ),
                ),
                (
                    "send",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audience",
                        to="delivery.send",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sends",
                        to="subscribers.snapshot",
                    ),
                ),
            ],
            options={"ordering": ["send", "out", "id"]},
        ),
        migrations.AddConstraint(
            model_name="sendsegment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("segment__isnull", False), ("snapshot", None)),
                    models.Q(("segment", None), ("snapshot__isnull", False)),
                    _connector="OR",
                ),
                name="send_segment_or_snapshot",
            ),
        ),
        migrations.AddConstraint(
            model_name="sendsegment",
            constraint=models.UniqueConstraint(fields=("send", "segment"), name="send_segment_once"),
        ),
        migrations.AddConstraint(
            model_name="sendsegment",
            constraint=models.UniqueConstraint(fields=("send", "snapshot"), name="send_snapshot_once"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["send", "subscriber"],
                include=["opened_at"],
                condition=models.Q(("opened_at__isnull", False)),
                name="delivery_opened",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["send", "subscriber"],
                include=["clicked_at"],
                condition=models.Q(("clicked_at__isnull", False)),
                name="delivery_clicked",
            ),
        ),
    ]
