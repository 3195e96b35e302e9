"""The issues that were sent, on the web for everybody: a page for each, an archive with search and topics, a feed."""
