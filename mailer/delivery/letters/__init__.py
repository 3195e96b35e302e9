"""Letters on their way to SendGrid: through the same ledger, pace and client as the issues."""
