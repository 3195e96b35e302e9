"""How fast a send may go, and when it comes too late."""
