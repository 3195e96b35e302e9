"""A local SendGrid for development and tests: the API, its limits and faults, an inbox page, signed events."""
