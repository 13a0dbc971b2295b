"""What the plan's templates ask for."""
