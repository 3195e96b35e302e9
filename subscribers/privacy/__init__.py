"""What people may ask for about themselves: all that is held on them, and that it is erased; and how long things are
kept where nobody asks."""
