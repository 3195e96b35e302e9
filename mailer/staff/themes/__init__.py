"""The pages of themes: how a newsletter looks, seen live; and themes of one's own."""
