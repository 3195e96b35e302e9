"""Test mails: an issue as some reader would see it, to a few addresses, without a trace in the ledger."""
