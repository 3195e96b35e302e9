"""The reports on the staff site: their list, and those of a send, of its clicks and of a newsletter, to read and to save."""
