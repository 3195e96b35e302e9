"""The whole installation, checked: what is fine, what is wrong (and what to do), and what could not be seen."""
