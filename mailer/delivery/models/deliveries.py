"""What became of each recipient."""

from django.db import models
from django.db.models import Q

from mailer.delivery.models.batches import Batch
from mailer.delivery.models.sends import Send
from subscribers.models import Subscriber


class Delivery(models.Model):
    """One subscriber who was handed over in a send. The facts below the batch come from events, each the first of
    its kind.

    It is written at the claim, by the transaction that locks its batch and reads its subscriber, and neither is ever
    deleted: so it needs no foreign keys, which are checked row by row. Who is still to get a send stands in its
    batches alone, so a plan, a cancelled send and a discarded plan cost no row for each recipient.
    """

    pk = models.CompositePrimaryKey("send_id", "subscriber_id")
    send = models.ForeignKey(
        Send, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    # One person's deliveries are found send by send through the primary key; another index would cost each claim more.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    rejected_because = models.TextField(
        null=True, help_text="Why SendGrid's limits or answer refused this one"
    )
    deferred_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True, help_text="Hard bounce: the address is dead")
    blocked_at = models.DateTimeField(null=True, help_text="Refused this time; the address is good")
    dropped_at = models.DateTimeField(null=True, help_text="SendGrid did not try")
    bounce_class = models.CharField(max_length=60, null=True)
    refusal_status = models.CharField(
        max_length=12,
        null=True,
        help_text="Enhanced status (RFC 3463) of the bounce or block, such as 5.7.26",
    )
    block_list = models.CharField(
        max_length=40, null=True, help_text="The block list that the bounce or block names as its reason"
    )
    opened_at = models.DateTimeField(null=True, help_text="By a person")
    opened_with = models.CharField(max_length=40, null=True, help_text="Mail program of that open")
    opened_on = models.CharField(
        max_length=10, null=True, help_text="Device of that open: phone, tablet, desktop"
    )
    machine_opened_at = models.DateTimeField(null=True)
    machine_rule = models.CharField(
        max_length=20, null=True, help_text="Why that open is taken for a program's"
    )
    clicked_at = models.DateTimeField(null=True, help_text="By a person")
    machine_clicked_at = models.DateTimeField(null=True, help_text="The clicks say by which rule")
    complained_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["send"], condition=Q(rejected_because__isnull=False), name="delivery_rejected_of_send"
            ),
            # What the guard watches in a running send: few, whatever the size.
            models.Index(
                fields=["send"],
                condition=Q(complained_at__isnull=False)
                | Q(bounced_at__isnull=False)
                | Q(refusal_status__isnull=False)
                | Q(block_list__isnull=False),
                name="delivery_in_trouble_of_send",
            ),
            # What the rule on soft bounces looks at. Not whether it was delivered after all: a column of an index
            # makes each of its updates cost the other indexes too, and nearly all deliveries are delivered.
            models.Index(
                fields=["send"],
                condition=Q(blocked_at__isnull=False) | Q(deferred_at__isnull=False),
                name="delivery_refused_of_send",
            ),
            # What segments ask of many sends at once, from the indexes alone. They cost nothing at the claim, and half
            # as much again of the update that writes an open.
            models.Index(
                fields=["send", "subscriber"],
                include=["opened_at"],
                condition=Q(opened_at__isnull=False),
                name="delivery_opened",
            ),
            models.Index(
                fields=["send", "subscriber"],
                include=["clicked_at"],
                condition=Q(clicked_at__isnull=False),
                name="delivery_clicked",
            ),
        ]

    def __str__(self) -> str:
        return f"delivery to {self.subscriber_id} in send {self.send_id}"
