"""The backlog's pages: stories that wait for an issue, feeds that bring them, pages of the web that become some; and the
pictures of a newsletter.
"""
