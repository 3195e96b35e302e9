"""All that knows SendGrid: requests, answers, outcomes, webhook signatures, logs and suppressions.

The package of the same name that SendGrid publishes is imported as `sendgrid`; this one is `mailer.sendgrid`.
It imports no other part of mailer, and not Django.
"""
