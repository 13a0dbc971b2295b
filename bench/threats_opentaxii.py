"""OpenTAXII with its answer to a POST mended: 0.9.3 has a UUID in it, which `json` cannot write, so it answers 500."""

import json

json.JSONEncoder.default = lambda _self, value: str(value)  # type: ignore[assignment,method-assign]  # before OpenTAXII is loaded

from opentaxii.http import app  # noqa: E402 -- after the line above

__all__ = ["app"]
