"""The audit log as pages: who did what to what, and when. It is written by mailer.staff.audit and read here."""
