"""The kinds of events that SendGrid's documentation names. Others may come, and count as events too.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

KINDS = (
    "processed",
    "deferred",
    "delivered",
    "bounce",
    "dropped",
    "open",
    "click",
    "spamreport",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
    "account_status_change",
)
