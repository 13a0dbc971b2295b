"""What Inspect finds by the entry point `sild`: importing a class of Inspect's kinds registers it."""

from sild.sandbox.engine.inspecting.images import SildImages
from sild.sandbox.engine.inspecting.model import SildModel
from sild.sandbox.engine.inspecting.provider import SildSandbox

__all__ = ["SildImages", "SildModel", "SildSandbox"]
