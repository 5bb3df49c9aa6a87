"""Grading: from submissions to a gradebook and a report.

`jsonschema`, which nbformat brings, would compile a grammar of internet addresses with
`rfc3987_syntax` if it is installed: a second in each process, and no notebook has use for it.
"""

import sys
from typing import Any

modules: dict[str, Any] = sys.modules
modules.setdefault("rfc3987_syntax", None)  # as if it were not installed
