"""Each error of docs/errors.md fails as it is shown, with the message that is shown, and passes as it says."""

import re
import shlex
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import click
import polars as pl
import pytest
from click.testing import CliRunner

from lmanalytics import answers, lock, reference
from lmanalytics.__main__ import cli
from lmanalytics.engines.storage import brought
from lmanalytics.errors import LmError
from lmanalytics.position.offers import pack_prices
from lmanalytics.quality import reports
from lmanalytics.report.cells_options import read_options
from lmanalytics.rules.parameters import Settings, load_file
from lmanalytics.schemas import CANONICAL
from lmanalytics.whatif.scenario_file import load
from lmanalytics.workspace import Workspace

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
SECTIONS = {
    int(code): (name, body)
    for code, name, body in re.findall(r"^## (\d+) `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
FILE = re.compile(r"^(Fails|Passes), `(?P<name>[\w.]+)`:\n\n```\w+\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)
SAID = re.compile(r"```text\n(?P<text>Error: .*?)```", re.DOTALL)
TYPED = re.compile(r"^    lmanalytics (?P<words>.*)$", re.MULTILINE)
HOSTS = "host_id,observed_on,host_name,processors,physical_cores,hypervisor\nesx01,2026-06-28,esx01,2,16,esxi\n"
OSES = (
    "ose_id,observed_on,name,host_id,vcpus,is_running,os_product,os_edition,os_version\n"
    "web01,2026-06-28,web01,esx01,4,true,Windows Server,Standard,2022\n"
)
BY_COMMAND = (1, 2, 3, 12, 13, 14, 15, 16, 22)


def plain(text):
    return " ".join(text.split())


def said(code):
    return [plain(match["text"]) for match in SAID.finditer(SECTIONS[code][1])]


def parts(code, word):
    """Return the files and the commands that stand below `Fails` or `Passes`."""
    before, _, after = SECTIONS[code][1].partition("\nPasses")
    text = before if word == "Fails" else "Passes" + after
    files = {match["name"]: match["text"] for match in FILE.finditer(text)}
    return files, [match["words"] for match in TYPED.finditer(text)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """What one run leaves for the next: only the first of this module computes everything."""
    return tmp_path_factory.mktemp("kept")


@contextmanager
def estate(tmp_path, monkeypatch, kept):
    """Stand in a folder with good exports."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").symlink_to(kept, target_is_directory=True)
    monkeypatch.setattr(answers, "SWING_LIMIT", -1)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "hosts.csv").write_text(HOSTS, encoding="utf-8")
    (tmp_path / "exports" / "oses.csv").write_text(OSES, encoding="utf-8")
    yield tmp_path / "exports"


def typed(words):
    result = CliRunner().invoke(cli, shlex.split(words))
    return result.exit_code, plain(result.stderr)


def test_every_class_has_its_section_and_its_row():
    for code, kind in reference.families().items():
        assert SECTIONS[code][0] == kind.__name__
        assert f"| {code} | `{kind.__name__}`" in PAGE
    assert SECTIONS.keys() == reference.families().keys()


def test_every_section_but_the_base_shows_a_message():
    assert {code for code in SECTIONS if len(said(code)) != 1} == {10}


@pytest.mark.parametrize("code", BY_COMMAND)
def test_what_is_shown_fails_and_passes_as_it_says(tmp_path, monkeypatch, kept, code):
    with estate(tmp_path, monkeypatch, kept) as exports:
        files, commands = parts(code, "Fails")
        for name, text in files.items():
            (exports / name).write_text(text, encoding="utf-8")
        ended, told = typed(commands[-1])
        assert ended == code, told
        assert said(code)[0] in told
        files, mended = parts(code, "Passes")
        for name, text in files.items():
            (exports / name).write_text(text, encoding="utf-8")
        if files or mended:
            assert typed((mended or commands)[-1])[0] == 0


def refusal(function, *arguments):
    with pytest.raises(LmError) as caught:
        function(*arguments)
    return caught.value.exit_code, plain(f"Error: {caught.value}")


def test_a_rule_that_cites_what_it_does_not_list(tmp_path):
    (name, text), *_ = parts(11, "Fails")[0].items()
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert refusal(load_file, path) == (11, said(11)[0])
    path.write_text(text.replace("gide", "guide"), encoding="utf-8")
    load_file(path)


def test_a_cell_with_an_option_that_is_not_supported():
    text = re.search(r"```text\n(label: .*?)```", SECTIONS[17][1], re.DOTALL)[1]
    assert refusal(read_options, "40_position.ipynb, cell 3", text) == (17, said(17)[0])
    read_options("40_position.ipynb, cell 3", text.replace("fig-caption", "fig-cap"))


def test_a_scenario_with_a_verb_that_does_not_exist(tmp_path):
    path = tmp_path / "scenarios.yaml"
    path.write_text(parts(20, "Fails")[0]["scenarios.yaml"], encoding="utf-8")
    assert refusal(load, path) == (20, said(20)[0])
    path.write_text(path.read_text(encoding="utf-8").replace("retires:", "retire:"), encoding="utf-8")
    load(path)


def test_a_storage_in_which_nothing_lies(tmp_path):
    url = (tmp_path / "empty").as_uri()
    (tmp_path / "empty").mkdir()
    code, told = refusal(brought, url, tmp_path / "here")
    assert (code, told.replace(url, "s3://contoso/exports")) == (21, said(21)[0])


def test_a_workspace_that_is_in_use(tmp_path):
    workspace = Workspace(tmp_path)
    with lock.held(workspace, "lmanalytics run"):
        code, told = refusal(lock.held(workspace, "lmanalytics run").__enter__)
    told = re.sub(r"process \d+ on \S+, since [\d\-: ]+Z", "process 4711 on pc-12, since 2026-06-30 22:00:04Z", told)
    assert (code, told.replace(str(tmp_path), ".")) == (23, said(23)[0])


def test_a_negative_price():
    text = re.search(r"```csv\n(.*?)```", SECTIONS[18][1], re.DOTALL)[1]
    rows = [line.split(",") for line in text.strip().split("\n")]
    prices = pl.LazyFrame(rows[1:], schema=rows[0], orient="row").with_columns(
        pl.col("unit_price").cast(pl.Decimal(38, 4)), metric=pl.lit("core"), purchase_type=pl.lit("license"),
        pack_size=1, valid_from=date(2026, 1, 1), currency=pl.lit("USD"),
    )  # fmt: skip
    known = CANONICAL["prices"].conform(prices)
    assert refusal(pack_prices, known, Settings(date(2026, 6, 30), {})) == (18, said(18)[0])


def test_a_check_that_cannot_be_evaluated(monkeypatch):
    one = SimpleNamespace(to_json_dict=lambda: {"expectation_config": {"meta": {"check": "physical_cores_at_least_1"}}})
    monkeypatch.setattr(reports, "fault", lambda _: "It ended with ZeroDivisionError.")
    found = SimpleNamespace(results=[one])
    assert refusal(reports.report, found, SimpleNamespace(name="hosts")) == (19, said(19)[0])


def test_every_command_that_is_shown_can_be_parsed():
    for code in SECTIONS:
        for words in parts(code, "Fails")[1] + parts(code, "Passes")[1]:
            assert shlex.split(words)[0] in cli.commands
    assert isinstance(cli, click.Group)
