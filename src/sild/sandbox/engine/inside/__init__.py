"""Programs that run inside the isolation: on the standard library alone, and those that run a model file."""
