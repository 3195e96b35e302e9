"""Signing in and one's own account, with django-allauth: who is let in, how, and what of it is written down.

Nobody makes an account of their own: administrators invite (invite.py), or `mailer invite` does.
"""
