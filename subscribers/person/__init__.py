"""All that is known of one person, part by part: for the person, for staff, and to know what an erasure must reach."""
