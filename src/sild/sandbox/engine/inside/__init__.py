"""Programs that run inside the isolation, on the standard library alone."""
