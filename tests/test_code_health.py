"""Promises about the whole code base. Each test names the files that break one."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.rules.engine import Reason, evaluate, rules_in_force, rules_of
from lmanalytics.rules.parameters import Settings, load_file, load_rule_file
from lmanalytics.rules.register import modules

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lmanalytics"
FLOW = (
    "ingest",
    "corrections",
    "quality",
    "facts",
    "rules.entitlement",
    "rules.right",
    "rules.demand",
    "position",
    "rules.benefit",
    "evidence",
    "report",
)
LATEST = ("pipeline", "answers", "whatif", "commands", "__main__")
UNITS = {
    "code", "core", "core_license", "customer", "database", "datacenter", "date", "day", "device", "flag", "full_set", "host", "inch",
    "license", "minute", "money", "month", "ose", "pack", "percent", "point", "processor", "program", "ratio", "server", "text",
    "user", "version", "year",
}  # fmt: skip
RULES = modules()


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],  # noqa: S607 (git is found on PATH)
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def stage_of(module):
    name = module.removeprefix("lmanalytics.")
    return next((i for i, stage in enumerate(FLOW) if name == stage or name.startswith(f"{stage}.")), None)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lmanalytics"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("lmanalytics"))


def test_no_stage_imports_a_later_one():
    backwards = []
    for path in PACKAGE.rglob("*.py"):
        own = stage_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for target in imports(path):
            other = stage_of(target)
            if own is not None and ((other is not None and other > own) or set(target.split(".")[1:2]) & set(LATEST)):
                backwards.append(f"{path.relative_to(ROOT)} imports {target}")
    assert not backwards


def test_only_the_top_knows_the_order():
    knowing = {
        path.name for path in PACKAGE.glob("*.py") if len({stage_of(target) for target in imports(path)} - {None}) > 2
    }
    assert knowing <= {"pipeline.py", "answers.py"}


def test_no_module_is_long():
    sizes = {p.relative_to(ROOT): len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert not {str(p): n for p, n in sizes.items() if n > 250}


@pytest.mark.parametrize("module", RULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_a_rule_is_one_module_one_yaml_one_test(module):
    path = Path(module.__file__)
    assert path.with_suffix(".yaml").is_file()
    assert (ROOT / "tests" / "rules" / path.parent.name / f"test_{path.name}").is_file()
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("module", RULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_a_rule_is_complete_on_every_day_on_which_something_changes(module):
    file = load_rule_file(module)
    starts = {r.start for r in rules_of(module)}
    first = min(starts)
    changes = {day for day in file.change_dates() if day >= first} | starts
    used = set()
    for day in sorted(changes):
        rules = rules_in_force(module, day)
        used |= {given for r in rules for given in r.given}
        if expressions := [r for r in rules if not r.is_frame]:
            names = {r.name for r in expressions}
            facts = {column: pl.Null for r in expressions for column in r.inputs if column not in names}
            evaluate(pl.LazyFrame(schema=facts), module, Settings(day))
        for r in rules:
            missing = [g for g in r.given if g in file.parameters and file.parameters[g].on(day) is None]
            assert not missing, f"{r.name} has no {missing} on {day}"
            assert r.cite in file.references, r.name
            assert r.function.__doc__, r.name
    declared = file.parameters.keys() | file.policies.keys() | file.tables.keys()
    every = {given for r in rules_of(module) for given in r.given} | used
    assert not declared - every, "declared, and no rule uses it"
    assert not every - declared - {"as_of"}, "used, and not declared"


@pytest.mark.parametrize("module", RULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_units_are_of_one_list(module):
    file = load_rule_file(module)
    named = {r.unit for r in rules_of(module)} | {p.unit for p in file.parameters.values()}
    assert {part for unit in named for part in unit.split(" / ")} <= UNITS


def test_every_table_of_the_terms_cites_a_reference_on_each_row():
    uncited = []
    for module in RULES:
        file = load_rule_file(module)
        for name in file.tables:
            column = file.table(name)["reference"]
            if column.null_count():
                uncited.append(f"{name}: {column.null_count()} rows")
    assert not uncited


def test_every_yaml_of_the_rules_has_its_sources_dated():
    for path in (PACKAGE / "rules").rglob("*.yaml"):
        for key, reference in load_file(path).references.items():
            assert reference.status in {"draft", "verified"}, f"{path.name}: {key}"
            assert reference.href.startswith("https://"), f"{path.name}: {key}"


def test_numbers_of_the_terms_stand_in_yaml_only():
    allowed = {0, 1, -1}
    found = []
    for module in RULES:
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        found += [
            f"{module.__name__}, line {node.lineno}: {node.value}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value not in allowed
        ]
    assert not found


def test_reasons_are_sentences():
    for module in RULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Reason) and value is not Reason:
                for reason in value:
                    assert re.match(r"^[A-Z].*\.$", str(reason.value)), f"{module.__name__}: {reason.name}"


def test_nothing_works_row_by_row():
    words = ("map_elements", "iter_rows", "to_pandas(", ".apply(", "map_batches")
    found = [
        f"{p.relative_to(ROOT)}: {w}"
        for p in PACKAGE.rglob("*.py")
        for w in words
        if w in p.read_text(encoding="utf-8")
    ]
    assert not found


def test_notebooks_define_nothing_and_keep_no_output():
    for path in tracked("notebooks/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        assert not any(re.search(r"^\s*(def|class|lambda)\b", text, re.MULTILINE) for text in code), path.name


def test_no_address_of_a_registry_and_no_path_of_a_machine():
    hosts = re.compile(r"https?://[^ \"'<>]*(?:/simple\b|/packages/[0-9a-f]{2}/|\.tgz\b|\.whl\b)")
    paths = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:home|root|Users|work)/\w")
    found = []
    for path in tracked():
        if path.suffix in {".xlsx", ".ttf", ".png", ".parquet", ".ipynb"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in (hosts.search(text), paths.search(text)) if m]
    assert not found


def test_constraints_hold_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)]
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=!~ \[]", line)[0].lower().replace("_", "-") for line in wanted}
    assert not names - pinned


def test_help_is_printed_without_the_heavy_imports():
    code = "import sys, lmanalytics.__main__ as m; print([n for n in ('great_expectations', 'altair', 'papermill') if n in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_rules_package_is_imported_whole():
    for module in RULES:
        assert importlib.import_module(module.__name__) is module
