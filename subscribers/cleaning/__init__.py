"""What people type and files hold, brought to the form in which it is stored, or refused."""
