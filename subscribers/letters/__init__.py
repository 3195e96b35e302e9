"""Mails of the system to one person: asked for by the act that calls for one, put into words when they leave."""
