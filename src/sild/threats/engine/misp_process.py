"""MISP's converter in a process of its own: it brings all of STIX 1, changes how modules are found, and takes seconds.

Reads one JSON value from standard input and writes one to standard output; status 1 with a line when it cannot.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

TO_STIX, FROM_STIX = "to-stix", "from-stix"


def convert(direction: str, content: Any) -> Any:
    """Convert in this process.

    Args:
        direction: `TO_STIX` takes a MISP event and gives STIX 2.1 objects; `FROM_STIX` takes a bundle, gives an event.
        content: parsed JSON.
    """
    warnings.simplefilter("ignore")  # the converter's libraries are old
    import misp_stix_converter  # noqa: PLC0415 -- only here, so that the rest of this module costs nothing
    import stix2  # noqa: PLC0415 -- as above

    if direction == TO_STIX:
        parser = misp_stix_converter.MISPtoSTIX21Parser()
        parser.parse_misp_event({"Event": content})
        return json.loads(parser.bundle.serialize())["objects"]
    reader = misp_stix_converter.ExternalSTIX2toMISPParser()
    reader.load_stix_bundle(stix2.parse(content, allow_custom=True))
    reader.parse_stix_bundle(single_event=True)
    return json.loads(reader.misp_event.to_json())


def main() -> int:
    """Convert what comes in; the converter raises whatever its libraries do, so everything is caught and told."""
    try:
        made = convert(sys.argv[1], json.load(sys.stdin))
    except Exception as error:  # noqa: BLE001 -- see above
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    json.dump(made, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
