"""English as written in Europe, with the hours counted to 24."""
