import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_letters_segments_cadence")]

    operations = [
        migrations.AddField(
            model_name="mailinglist",
            name="public",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Offered to the people of other lists, in their preferences",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_open",
            field=models.BooleanField(db_default=False, default=False, verbose_name="open"),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_intro",
            field=models.TextField(blank=True, db_default="", verbose_name="introduction"),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_asks",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("topics", "Topics"),
                        ("cadence", "Cadence"),
                        ("name", "Name"),
                        ("language", "Language"),
                    ],
                    max_length=8,
                ),
                blank=True,
                db_default=[],
                default=list,
                size=None,
                verbose_name="asks for",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_fields",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Each becomes an attribute of the subscriber",
                verbose_name="fields of its own",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_next",
            field=models.URLField(
                blank=True,
                db_default="",
                help_text="On your own site; empty: a page of ours",
                verbose_name="page after sign-up",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="confirmed_next",
            field=models.URLField(
                blank=True,
                db_default="",
                help_text="On your own site; empty: a page of ours",
                verbose_name="page after confirmation",
            ),
        ),
        migrations.AddField(
            model_name="mailinglist",
            name="sign_up_origins",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                blank=True,
                db_default=[],
                default=list,
                help_text="Origins, such as https://www.example.org",
                size=None,
                verbose_name="sites that may call the JSON endpoint",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailinglist",
            constraint=models.CheckConstraint(
                condition=models.Q(("sign_up_asks__contained_by", ["topics", "cadence", "name", "language"])),
                name="mailing_list_asks_are_known",
            ),
        ),
        migrations.CreateModel(
            name="PendingSignUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chosen", models.JSONField(help_text="Fields of the subscriber, cadence and attributes")),
                ("had_left", models.BooleanField(help_text="They had left the list before")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, help_text="In whole seconds, as the link has it"),
                ),
                (
                    "mailing_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subscribers.mailinglist",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pending_sign_ups",
                        to="subscribers.subscriber",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="subscribers.wording",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="pendingsignup",
            constraint=models.UniqueConstraint(
                fields=("mailing_list", "subscriber"), name="pending_sign_up_once"
            ),
        ),
    ]
