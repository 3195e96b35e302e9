"""Feeds that fill backlogs: RSS and Atom, looked at by the clock, each entry taken once.

A feed is somebody else's: it is fetched safely (mailer.issues.fetching), handed to the parser as bytes and never as an
address, and what its entries say is kept as plain text.
"""
