"""Filters for the sandbox's templates."""
