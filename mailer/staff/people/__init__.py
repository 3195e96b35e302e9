"""The page on which somebody of the staff finds people: one box, a few filters, and rows that lead to all that is known."""
