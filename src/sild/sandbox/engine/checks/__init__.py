"""Checks that come with the product: suites in English, Estonian and Ukrainian for assistants of public services.

The texts in `data/` were written for this purpose in each language; the services, rules and people in them are made up.
`write` turns a check into a suite's folder, the same bytes each time, so that two nodes test with the same digest.
"""

from sild.sandbox.engine.checks.catalogue import CHECKS, Check, write

__all__ = ["CHECKS", "Check", "write"]
