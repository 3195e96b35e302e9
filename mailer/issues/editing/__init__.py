"""Writing an issue: its document, and the acts of those who edit it, several at a time.

A document is all that editors write of one issue. It is saved as a whole from a revision that somebody started from;
what others saved since is merged in field by field (merge.py), and what cannot be merged is a conflict, and nothing is
written. Every revision leaves a version, which can be compared and restored.
"""
