"""Rules that no constraint can say: consent is append-only, topics are retired, subscribers are never deleted."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION subscribers_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE ON subscribers_consent
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse('Consent is append-only: add a record instead.');

CREATE TRIGGER topic_is_never_deleted BEFORE DELETE ON subscribers_topic
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse('A topic is never deleted: retire it instead.');

CREATE TRIGGER subscriber_is_never_deleted BEFORE DELETE ON subscribers_subscriber
FOR EACH ROW EXECUTE FUNCTION subscribers_refuse('A subscriber is never deleted: deliveries point to the row.');
"""

ALLOW = """
DROP TRIGGER subscriber_is_never_deleted ON subscribers_subscriber;
DROP TRIGGER topic_is_never_deleted ON subscribers_topic;
DROP TRIGGER consent_is_append_only ON subscribers_consent;
DROP FUNCTION subscribers_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
