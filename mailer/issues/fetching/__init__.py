"""The one safe way to fetch what a person or a feed named.

An address that comes from outside may lead inside: to this machine, to the network around it, to a cloud's metadata.
So only http and https on their usual ports are spoken, only with public addresses, and what an address is is looked
at when the connection is made (connect.py), for every redirect anew: a name that resolved to something harmless a
moment ago helps nobody. Time, bytes, redirects and types of content are limited (fetch.py).
"""

from mailer.issues.fetching.errors import FetchError
from mailer.issues.fetching.fetch import Fetched, fetch
from mailer.issues.fetching.limits import ANYTHING, FEED, PAGE, PICTURE, Limits

__all__ = ["ANYTHING", "FEED", "PAGE", "PICTURE", "FetchError", "Fetched", "Limits", "fetch"]
