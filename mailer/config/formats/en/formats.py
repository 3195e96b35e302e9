"""How times are written on the site of the staff: as in reports and mails, with the zone they are in."""

DATETIME_FORMAT = "j F Y, H:i T"
