"""Putting addresses on the suppressions and taking them off again."""
