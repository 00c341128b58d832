from datetime import date

import polars as pl
import pytest

from lmanalytics.errors import RunError
from lmanalytics.kept import Kept, Store
from lmanalytics.rules import amendments, register
from lmanalytics.rules.amendments import Amendment
from lmanalytics.rules.parameters import Settings

DAY = Settings(date(2026, 6, 30))
POLICY = register.policies()["movement"]
OTHER = next(code for code in POLICY.readings if code != POLICY.default)


class Runs:
    """Runs that share a store: each gets the tables as texts, and computes one step."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def begin(self, program="p", *, fresh=False, **tables):
        self.count += 1
        into = self.folder / f"run{self.count}"
        into.mkdir()
        kept = Kept(Store(self.folder / "kept"), program, into, fresh=fresh)
        frames = {}
        for name, value in tables.items():
            path = into / "accepted" / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pl.DataFrame({"value": [value]}).write_parquet(path)
            frames[name] = kept.scan([path])

        def save(answers):
            paths = {name: [into / f"{name}.parquet"] for name in answers}
            for name, frame in answers.items():
                frame.sink_parquet(paths[name][0])
            return paths

        return kept, frames, save

    def ask(self, compute, settings=DAY, program="p", given=None, *, fresh=False, **tables):
        kept, frames, save = self.begin(program, fresh=fresh, **tables)
        done = kept.step("one", frames, settings, compute, save, given=given)
        assert kept.computed == ([] if done.is_kept else ["one"])
        assert kept.taken == (["one"] if done.is_kept else [])
        return done


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


def hosts(tables):
    return {"found": tables["hosts"].select(pl.col("value") + 1)}


def value(step, name="found"):
    return step.tables[name].collect().item()


def test_the_same_tables_are_not_computed_again(runs):
    first = runs.ask(hosts, hosts=1, prices=1)
    again = runs.ask(hosts, hosts=1, prices=1)
    assert (first.is_kept, again.is_kept) == (False, True)
    assert value(first) == value(again) == 2
    files = [runs.folder / f"run{n}" / "found.parquet" for n in (1, 2)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_table_that_was_not_read_does_not_matter(runs):
    runs.ask(hosts, hosts=1, prices=1)
    assert runs.ask(hosts, hosts=1, prices=2).is_kept
    assert runs.ask(hosts, hosts=1).is_kept


def test_a_table_that_was_read_matters(runs):
    runs.ask(hosts, hosts=1)
    changed = runs.ask(hosts, hosts=2)
    assert not changed.is_kept
    assert value(changed) == 3
    assert runs.ask(hosts, hosts=1).is_kept, "the older entry still holds"


def test_an_absent_table_that_was_asked_for_matters(runs):
    def known(tables):
        return hosts(tables if "prices" not in tables else {"hosts": tables["prices"]})

    runs.ask(known, hosts=1)
    assert runs.ask(known, hosts=1, other=1).is_kept
    priced = runs.ask(known, hosts=1, prices=5)
    assert (priced.is_kept, value(priced)) == (False, 6)


def test_a_policy_matters_where_it_was_consulted(runs):
    def consulting(tables):
        POLICY.chosen(DAY)
        return hosts(tables)

    assert runs.ask(consulting, hosts=1).policies == {"movement"}
    again = runs.ask(consulting, hosts=1)
    assert (again.is_kept, again.policies) == (True, {"movement"})
    assert runs.ask(consulting, Settings(DAY.as_of, {"movement": POLICY.default}), hosts=1).is_kept
    assert not runs.ask(consulting, Settings(DAY.as_of, {"movement": OTHER}), hosts=1).is_kept
    runs.ask(hosts, hosts=2)
    assert runs.ask(hosts, Settings(DAY.as_of, {"movement": OTHER}), hosts=2).is_kept


def test_the_date_the_program_and_what_is_given_matter(runs):
    runs.ask(hosts, hosts=1, given={"a": 1})
    assert runs.ask(hosts, hosts=1, given={"a": 1}).is_kept
    assert not runs.ask(hosts, hosts=1, given={"a": 2}).is_kept
    assert not runs.ask(hosts, Settings(date(2026, 7, 1)), hosts=1, given={"a": 1}).is_kept
    assert not runs.ask(hosts, program="q", hosts=1, given={"a": 1}).is_kept


def test_the_values_of_a_scenario_matter(runs):
    runs.ask(hosts, hosts=1)
    with amendments.amended([Amendment("esu_price", "rate", 1)]):
        assert not runs.ask(hosts, hosts=1).is_kept
        assert runs.ask(hosts, hosts=1).is_kept
    with amendments.amended([Amendment("esu_price", "rate", 2)]):
        assert not runs.ask(hosts, hosts=1).is_kept
    assert runs.ask(hosts, hosts=1).is_kept


def test_a_fresh_run_computes_and_replaces(runs):
    runs.ask(hosts, hosts=1)
    fresh = runs.ask(hosts, hosts=1, fresh=True)
    assert not fresh.is_kept
    assert runs.ask(hosts, hosts=1).is_kept
    assert len(list((runs.folder / "kept/steps/one").iterdir())) == 1


def test_a_step_may_give_nothing(runs):
    runs.ask(lambda t: {"x": t["hosts"]} if "hosts" in t else {})
    assert runs.ask(lambda _: {"never": 1}).is_kept


def test_a_later_step_knows_what_an_earlier_one_gave(runs):
    for is_kept in (False, True):
        kept, frames, save = runs.begin(hosts=1)
        first = kept.step("one", frames, DAY, hosts, save)
        second = kept.step("two", first.tables, DAY, lambda t: {"twice": t["found"].select(pl.col("value") * 2)}, save)
        assert (first.is_kept, second.is_kept) == (is_kept, is_kept)
        assert value(second, "twice") == 4


def test_a_step_after_one_that_gave_the_same_is_kept(runs):
    for number, hosts_ in enumerate((1, 3)):
        kept, frames, save = runs.begin(hosts=hosts_)
        parity = kept.step("one", frames, DAY, lambda t: {"odd": t["hosts"].select(pl.col("value") % 2)}, save)
        kept.step("two", parity.tables, DAY, lambda t: {"next": t["odd"].select(pl.col("value") + 1)}, save)
        assert kept.computed == [["one", "two"], ["one"]][number]


def test_several_mappings_are_told_apart(runs):
    def both(tables, answered):
        return {"found": pl.concat([tables["hosts"], answered["hosts"]]).sum()}

    for first, second, is_kept in ((1, 2, False), (1, 2, True), (2, 1, False), (1, 3, False)):
        kept, frames, save = runs.begin(hosts=first, other=second)
        step = kept.step("one", {"tables": frames, "answered": {"hosts": frames["other"]}}, DAY, both, save)
        assert (step.is_kept, value(step)) == (is_kept, first + second)


def test_a_step_that_reads_what_has_no_digest_is_never_kept(runs):
    for _ in range(2):
        kept, _, save = runs.begin()
        step = kept.step("one", {"hosts": pl.LazyFrame({"value": [1]})}, DAY, hosts, save)
        assert not step.is_kept
        assert value(step) == 2


def test_a_table_read_after_the_step_is_refused(runs):
    held = []
    kept, frames, save = runs.begin(hosts=1, prices=1)
    kept.step("one", frames, DAY, lambda t: held.append(t) or hosts(t), save)
    with pytest.raises(RunError, match="prices was read after the step"):
        held[0]["prices"]


def test_what_is_read_while_saving_is_noted(runs):
    class Late(dict):
        """Makes its plan only when it is saved, as a generator would."""

        def values(self):
            yield self["tables"]["hosts"].select("value")

    for hosts_, is_kept in ((1, False), (1, True), (2, False)):
        kept, frames, _ = runs.begin(hosts=hosts_)
        into = runs.folder / f"run{runs.count}" / "found.parquet"

        def save(answers, into=into):
            for frame in answers.values():
                frame.sink_parquet(into)
            return {"found": [into]}

        step = kept.step("one", frames, DAY, lambda t: Late(tables=t), save)
        assert (step.is_kept, value(step)) == (is_kept, hosts_)


def test_a_fault_leaves_no_entry(runs):
    def faulty(_):
        message = "no"
        raise ValueError(message)

    with pytest.raises(ValueError, match="no"):
        runs.ask(faulty, hosts=1)
    assert not runs.ask(hosts, hosts=1).is_kept
