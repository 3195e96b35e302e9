"""Addresses that must get nothing: looked for, entered, taken off, and taken out as a file."""
