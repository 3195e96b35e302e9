"""Stories that wait for an issue: written by hand, captured from a page of the web, brought by a feed (mailer.issues.feeds).

What comes from outside is text and nothing else: plain.py takes markup and merge tags out of it before it is kept.
"""
