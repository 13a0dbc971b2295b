"""Template tags of the threat desk."""
