"""Sign-up: a form per list, as a page, as HTML for other sites and as JSON; nothing counts until it is confirmed."""
