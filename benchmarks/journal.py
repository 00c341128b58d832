"""What was measured on one day on one machine, as JSON; later results are added, and replace those of their kind."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.rule_modules import joined

Found = dict[str, Any]


def keep(found: Found, folder: Path) -> Path:
    """Write the JSON of the day; what an earlier run on the same machine measured and this one did not, stays."""
    now, here = datetime.now(UTC), machine()
    target = folder / f"{now:%Y-%m-%d}.json"
    earlier = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    if earlier.get("machine") != here:
        earlier = {}
    document = earlier | {"on": now.date().isoformat(), "machine": here} | found
    document["sizes"] = _sizes(earlier.get("sizes", []), found.get("sizes", []))
    if "rule_modules" in found and "rule_modules" in earlier:
        document["rule_modules"] = joined(earlier["rule_modules"], found["rule_modules"])
    folder.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(".part")
    beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    beside.replace(target)
    return target


def _sizes(earlier: list[Found], found: list[Found]) -> list[Found]:
    before = {size["size"]: size for size in earlier}
    merged = before | {size["size"]: _merged(before.get(size["size"], {}), size) for size in found}
    return sorted(merged.values(), key=lambda size: size["hosts"])


def _merged(before: Found, now: Found) -> Found:
    """Add a size's results to those of an earlier bench of the same estate: another contestant, another stage."""
    if any(before.get(name) != now.get(name) for name in ("rows", "snapshots", "megabytes")):
        return now
    merged = before | now
    for part, key in (("measured", ("engine", "stage")), ("agreement", ("engine", "stage", "table"))):
        if part not in before:
            continue
        new = {tuple(row[k] for k in key) for row in now.get(part, [])}
        merged[part] = [r for r in before[part] if tuple(r[k] for k in key) not in new] + now.get(part, [])
    return merged
