"""Runs in one workspace after another: only what depends on a change is computed, and every byte is as if all were."""

from datetime import date
from functools import cache

import pytest

from lmanalytics import answers, pipeline
from lmanalytics.evidence import manifest
from lmanalytics.kept import Kept
from lmanalytics.sample import write
from lmanalytics.workspace import Workspace

DAY = date(2026, 6, 30)
PRICED = {
    "read/prices.csv", "rows/canonical", "gate.prices", "demand.access", "demand.azure_sql", "demand.mobility_options", "demand.rights",
    "demand.server_products", "demand.sql_server", "demand.system_center", "demand.windows_server", "whole", "position",
    "benefit.esu", "benefit.step_up_opportunities", "benefit.version_rights", "evidence.unknowns", "evidence.policies",
}  # fmt: skip
"""What reads prices, and what reads what that gives."""

pytestmark = pytest.mark.slow


class Runs:
    """A folder of exports with the workspaces in which it is run."""

    def __init__(self, folder):
        self.folder, self.exports = folder, folder / "exports"
        write(self.exports, hosts=3, density=4, form="rvtools", progress=lambda _: None)
        self.asked = []

    def run(self, workspace="kept", **options):
        """Return the names of the steps that were computed, and the folder of the run."""
        self.asked.clear()
        done = pipeline.run(self.exports, Workspace(self.folder / workspace), as_of=DAY, **options)
        assert not done.is_reused
        (kept,) = self.asked
        assert len(kept.computed) + len(kept.taken) == len({*kept.computed, *kept.taken})
        return set(kept.computed), done.path

    def edit(self, name, *changes):
        (path,) = self.exports.rglob(name)
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    found = Runs(tmp_path_factory.mktemp("runs"))

    class Told(Kept):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            found.asked.append(self)

        def below(self, folder):
            other = super().below(folder)
            found.asked.pop()
            return other

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "Kept", Told)
        patch.setattr(manifest, "program_digests", cache(manifest.program_digests))
        patch.setattr(
            answers, "SWING_LIMIT", -1
        )  # to ask again under every reading takes minutes, and tells nothing here
        yield found


@pytest.fixture(scope="module")
def first(runs):
    return runs.run()


def content(run):
    return {p.relative_to(run).as_posix(): p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()}


def same(left, right):
    assert content(left).keys() == content(right).keys()
    assert not [name for name, held in content(left).items() if content(right)[name] != held]


def test_a_first_run_computes_every_step(first):
    computed, run = first
    assert {"gate.oses", "entitlement", "facts", "right.failover", "position", "benefit.esu"} <= computed
    assert (run / manifest.NAME).is_file()


def test_a_second_run_computes_nothing(runs, first, tmp_path):
    _, run = first
    aside = run.rename(tmp_path / "first")
    computed, again = runs.run()
    assert computed == set()
    same(aside, again)


def test_a_changed_price_reaches_what_reads_prices_and_no_more(runs, first):
    everything, _ = first
    in_force = "Windows Server,Standard,,core,license,,,ea,2,2025-09-01,"
    runs.edit("prices.csv", (f"{in_force}140.00", f"{in_force}120.00"))
    computed, run = runs.run()
    assert everything >= PRICED
    assert computed == PRICED
    _, fresh = runs.run("empty")
    same(run, fresh)


@pytest.mark.usefixtures("first")
def test_a_policy_reaches_the_steps_that_consulted_it(runs):
    computed, run = runs.run(policies={"unrecognized_software": "not_computable"})
    assert "facts" in computed
    assert not {name for name in computed if name.startswith(("read/", "rows/", "gate.", "entitlement"))}
    same(run, runs.run("empty", policies={"unrecognized_software": "not_computable"})[1])


@pytest.mark.usefixtures("first")
def test_a_machine_that_changed_reaches_no_purchase(runs):
    vinfo = max(runs.exports.rglob("*vInfo*.csv"))
    head, one, *rest = vinfo.read_text(encoding="utf-8").splitlines(keepends=True)
    vinfo.write_text("".join([head, *rest]), encoding="utf-8")
    assert one != rest[0]
    computed, run = runs.run()
    read = {name for name in computed if name.startswith("read/")}
    assert read == {f"read/{vinfo.relative_to(runs.exports).as_posix()}"}
    untouched = {
        "rows/canonical",
        "gate.prices",
        "gate.purchases",
        "gate.hosts",
        "entitlement",
        "right.license_terms",
        "right.transfers",
    }
    assert untouched.isdisjoint(computed)
    assert {"rows/rvtools", "gate.oses", "facts"} <= computed
    same(run, runs.run("empty")[1])


@pytest.mark.usefixtures("first")
def test_a_correction_reaches_its_own_table_and_its_reason_none(runs):
    runs.edit("corrections.yaml", ("Scrapped in May", "Scrapped in April"))
    computed, run = runs.run()
    assert computed == set()
    runs.edit("corrections.yaml", ("now: Invoice EX-2023-1017", "now: Invoice EX-2023-1018"))
    computed, run = runs.run()
    assert {"corrections.purchases", "gate.purchases", "entitlement"} <= computed
    reading = {name for name in computed if name.startswith(("read/", "rows/"))}
    assert not reading | computed & {"corrections.oses", "corrections.devices", "gate.oses", "gate.devices", "facts"}
    same(run, runs.run("empty")[1])


def test_a_fresh_run_computes_every_step_and_a_damaged_store_is_repaired(runs, first, tmp_path):
    everything, _ = first
    computed, run = runs.run(fresh=True)
    assert computed == everything
    aside = run.rename(tmp_path / "before")
    for path in sorted((runs.folder / "kept" / "data" / "kept" / "files").rglob("*"))[::3]:
        if path.is_file():
            path.unlink()
            path.write_bytes(b"PAR1")
    computed, again = runs.run()
    assert computed
    same(aside, again)
