"""Themes of somebody's own: uploaded, checked before they are kept, versioned."""
