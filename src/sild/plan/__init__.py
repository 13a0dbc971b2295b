"""The memorandum as an action plan: commitments whose status follows from evidence and dates."""
