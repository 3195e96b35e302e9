"""The lint: what an edition must be before it may be sent."""

from mailer.issues.lint.check import lint
from mailer.issues.lint.findings import Finding, blocking

__all__ = ["Finding", "blocking", "lint"]
