"""Reads threat reports: indicators of compromise and ATT&CK techniques, each with the text that it rests on."""
