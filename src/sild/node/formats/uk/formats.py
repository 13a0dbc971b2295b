"""Ukrainian."""

DATE_FORMAT = "j E Y року"
DATETIME_FORMAT = "j E Y року, H:i"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
