"""STIX 2.1 on plain data: validation, identifiers, markings, what an object says. No Django, no database."""
