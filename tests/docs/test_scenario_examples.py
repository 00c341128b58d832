"""What docs/scenarios.md and docs/examples show can be applied as it stands."""

import re
from datetime import date
from pathlib import Path

import pytest

from lmanalytics.rules import register
from lmanalytics.schemas import CANONICAL
from lmanalytics.whatif.scenario_file import load, verbs
from lmanalytics.whatif.scenario_run import patched, settings_of
from tests.whatif.scenario_estates import AGREEMENTS, DOCUMENT, PRICES, World, write_file

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "scenarios.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
HOSTS = [
    {"host_id": f"h{n}", "host_name": f"esx-0{n}", "cluster_id": "PRD", "processors": 2, "physical_cores": 16} for n in (1, 2, 3)
]  # fmt: skip
OSES = [
    {"ose_id": f"v{n}", "name": name, "host_id": f"h{n}", "vcpus": 4} for n, name in enumerate(("web01", "web02", "db01"), start=1)
]  # fmt: skip
PURCHASES = [
    {"purchase_id": "p1", "product": "Windows Server", "edition": "Standard", "metric": "core", "purchase_type": "license_and_sa",
     "quantity": 32, "agreement_id": "A1", "enrollment_id": "E1", "order_date": date(2025, 1, 10),
     "coverage_start": date(2025, 1, 10), "coverage_end": date(2027, 1, 9)},
]  # fmt: skip


@pytest.fixture
def world(tmp_path):
    tables = {
        "hosts": HOSTS,
        "oses": OSES,
        "installs": None,
        "purchases": PURCHASES,
        "agreements": AGREEMENTS,
        "prices": PRICES,
    }
    return World(tmp_path, **tables)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.startswith("-")], ids=lambda b: b.split("\n")[0])
def test_changes_in_the_page_can_be_applied(world, block):
    if "installs:" in block:
        world = World(
            world.folder / "more",
            hosts=HOSTS,
            oses=OSES,
            installs=[{"install_id": "i1", "ose_id": "v2", "product": "SQL Server"}],
        )
    assert world.apply(block).found.applied or world.found.amendments


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.startswith("scenarios:")])
def test_files_in_the_page_can_be_applied(world, block):
    for chain in load(write_file(world.folder, block)):
        assert patched(chain, world.base, DOCUMENT).applied


def test_every_verb_is_shown():
    shown = {word for block in BLOCKS for word in re.findall(r"- (\w+):", block)}
    assert verbs().keys() <= shown


def test_the_example_file_can_be_read_and_its_names_exist():
    chains = load(DOCS / "examples" / "scenarios.yaml")
    known = {module.__name__.rpartition(".")[2] for module in register.modules()}
    for chain in chains:
        settings_of(chain, DOCUMENT)
        for change in chain.last.changes:
            if change.verb in {"set", "add", "remove", "retire", "move"}:
                assert change.object.value in CANONICAL
            if change.verb == "rule":
                assert str(change.object.value).partition(".")[0] in known
