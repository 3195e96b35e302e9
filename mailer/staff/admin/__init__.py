"""The pages of the staff site, one module for each part of the sidebar."""

from mailer.staff.admin import audience, issues, ledger, sends, users

__all__ = ["audience", "issues", "ledger", "sends", "users"]
