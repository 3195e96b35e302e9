"""Search for subscribers by any part of their address and name."""
