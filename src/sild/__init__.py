"""Sild: the node that turns a cooperation memorandum between governments into working projects."""

__version__ = "0.1.0"
