"""The pages of segments: their list, the builder of a rule, and how segments overlap.

Whoever has a role at some newsletters only counts and sees the people of their lists: seen.py says whose those are.
"""
