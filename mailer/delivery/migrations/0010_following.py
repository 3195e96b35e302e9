"""What following needs: places of links, machines apart, block lists, notices about a newsletter."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0009_suppressions"),
        ("issues", "0004_links_and_mailed_reports"),
        ("subscribers", "0011_segments_in_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="EditionLink",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "edition_id", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "place",
                    models.PositiveSmallIntegerField(
                        help_text="From 0, top to bottom, as SendGrid counts (url_offset)"
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=300)),
                (
                    "edition",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="delivery.edition",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="delivery.link",
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_in_trouble_of_send",
        ),
        migrations.AddField(
            model_name="delivery",
            name="block_list",
            field=models.CharField(
                help_text="The block list that the bounce or block names as its reason",
                max_length=40,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="machine_clicked_at",
            field=models.DateTimeField(help_text="The clicks say by which rule", null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="machine_rule",
            field=models.CharField(
                help_text="Why that open is taken for a program's", max_length=20, null=True
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="opened_on",
            field=models.CharField(
                help_text="Device of that open: phone, tablet, desktop", max_length=10, null=True
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="opened_with",
            field=models.CharField(help_text="Mail program of that open", max_length=40, null=True),
        ),
        migrations.AddField(
            model_name="notice",
            name="newsletter",
            field=models.ForeignKey(
                help_text="Where it is about no send",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="issues.newsletter",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="clicked_at",
            field=models.DateTimeField(help_text="By a person", null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="send",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="delivery.send",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("complained_at__isnull", False),
                    ("bounced_at__isnull", False),
                    ("refusal_status__isnull", False),
                    ("block_list__isnull", False),
                    _connector="OR",
                ),
                fields=["send"],
                name="delivery_in_trouble_of_send",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("newsletter", None), ("send__isnull", False)),
                    models.Q(("newsletter__isnull", False), ("send", None)),
                    _connector="OR",
                ),
                name="notice_of_a_send_or_a_newsletter",
            ),
        ),
    ]
