"""Files of subscribers on their way into the store: uploaded, understood, tried out, confirmed, imported, undone."""
