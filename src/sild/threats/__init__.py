"""Threat information as STIX 2.1: a store, a TAXII 2.1 server and client, and a desk to share from."""
