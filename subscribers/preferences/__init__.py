"""The preference centre: what one person chooses, asks for and takes back by the link in a mail to them."""
