import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0005_deliveries_at_the_claim"),
        ("subscribers", "0003_letters_segments_cadence"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="letter",
            field=models.OneToOneField(
                help_text="A mail of the system to one person, which is in no send",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batch",
                to="subscribers.letter",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="edition",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="delivery.edition",
            ),
        ),
        migrations.AlterField(
            model_name="batch",
            name="send",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="delivery.send",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("edition__isnull", False), ("letter", None), ("send__isnull", False)),
                    models.Q(("edition", None), ("letter__isnull", False), ("send", None)),
                    _connector="OR",
                ),
                name="batch_of_a_send_or_of_a_letter",
            ),
        ),
    ]
