"""Mailing lists: how many people are on each, and their sign-up forms with what a site needs to show them."""
