"""From an issue that is written to one that was sent: approval, test mails, who gets it and when, and watching it go."""
