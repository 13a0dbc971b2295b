"""What two governments can rely on: keys, canonical form, log, proofs, sealing, hybrid TLS. No Django."""
