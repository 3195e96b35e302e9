"""The report of a newsletter: how its list grows, who reads, what, when, and where its mail arrives. One module per part."""
