"""The start page: where everything stands, and what waits for whom; and the search over all of it."""
