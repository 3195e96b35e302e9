"""Suppressions between here and SendGrid: pulled, pushed, taken off there too; and mail that is refused again and again."""
