"""The audit log is asked for by days, of which Django's table has no index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_roles"), ("admin", "0003_logentry_add_action_flag_choices")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX staff_audit_time ON django_admin_log (action_time)",
            "DROP INDEX staff_audit_time",
        ),
    ]
