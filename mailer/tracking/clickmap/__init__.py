"""The click map: an issue as it was sent, with the share of clicks drawn on each of its links."""
