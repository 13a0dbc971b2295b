"""A small writer of tagged PDF: text, tables and figures that a screen reader can follow, with nothing but a font."""

from sild.sandbox.engine.pdf.flow import Bar, Flow, chart_height

__all__ = ["Bar", "Flow", "chart_height"]
