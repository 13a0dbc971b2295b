"""How dates and times are written in each language, where Django's own form is American or missing."""
