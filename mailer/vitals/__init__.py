"""What processes say of themselves in Redis: that they are at work, and what they did. mailer.health reads it."""
