"""Who gets a send and who does not, and why: before it goes out, while it does and after."""
