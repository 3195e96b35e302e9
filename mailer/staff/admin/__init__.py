"""The pages of the staff site, one module for each part of the sidebar."""

from mailer.staff.admin import (
    alerts,
    consent,
    issues,
    ledger,
    lists,
    people,
    segments,
    sends,
    suppressions,
    users,
)

__all__ = [
    "alerts",
    "consent",
    "issues",
    "ledger",
    "lists",
    "people",
    "segments",
    "sends",
    "suppressions",
    "users",
]
