"""Records carried by hand: what a partner would get over the wire, in one file, imported with the same checks.

A bundle is a ZIP file: `bundle.json`, `pages/` with pages of the partner's index, `files/` with attachments, all of
them the bytes that the wire would carry, sealed where the wire seals. Each part proves itself, so that whoever carries
the bundle need not be trusted and can neither read what is narrow nor change anything unseen.
"""

from sild.exchange.bundles.reading import Taken, take
from sild.exchange.bundles.writing import Exported, export

__all__ = ["Exported", "Taken", "export", "take"]
