"""The report of a send: counted in the background, kept, and shown on pages, in the terminal, as CSV, JSON and by mail."""
