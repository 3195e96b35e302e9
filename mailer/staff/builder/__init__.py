"""The issue builder: its page, what the page asks for as JSON, and the list of issues."""
