"""Memoranda, evidence rules and status on plain data: no Django, no database."""
