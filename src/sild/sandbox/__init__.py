"""AI solutions run in isolation, tested by suites, reported as evidence."""
