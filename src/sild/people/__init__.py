"""Who uses a node: agencies, people, their roles, machine tokens and the audit trail."""
