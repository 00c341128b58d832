"""What the pages about exports show is read as they say, and what they call a finding, a column or a policy exists."""

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.ingest import found
from lmanalytics.ingest.readers import ingest
from lmanalytics.rules import register
from lmanalytics.schemas import CANONICAL

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "exports").glob("*.md"))
SHOWN = re.compile(r"A whole\s+`(?P<name>[\w.-]+\.csv)`[^`]*?:\n\n```csv\n(?P<text>.*?)```", re.DOTALL)
FILES = [
    (page.name, match["name"], match["text"]) for page in PAGES for match in SHOWN.finditer(page.read_text("utf-8"))
]
BECOMES = {"orders": "purchases", "purchases": "purchases", "computers": "known_machines", "cmdb_ci": "known_machines"}
READERS = {
    "RVTools": "rvtools",
    "License Statement": "license_statement",
    "Order lists": "purchase_list",
    "data contract": "canonical",
    "Computers of": "machine_list",
}


@pytest.mark.parametrize(("page", "name", "text"), FILES, ids=[f"{page}-{name}" for page, name, _ in FILES])
def test_a_file_that_is_shown_is_read_as_it_stands(tmp_path, page, name, text):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    done = ingest(folder, tmp_path / "tables", date(2026, 6, 30))
    called = re.split(r"[_.]\d|\.csv", name)[0]
    table = next((becomes for start, becomes in BECOMES.items() if called.startswith(start)), called)
    assert set(done.tables) == {table}, page
    rows = pl.read_parquet(done.tables[table])
    assert rows.height == text.strip().count("\n")
    assert rows["issues"].list.len().sum() == 0
    told = done.findings.filter(pl.col("reason").is_in(["column_not_used", "format_unknown"]))
    assert told.is_empty(), told["statement"].to_list()


def test_files_are_shown():
    assert len(FILES) == sum(page.read_text("utf-8").count("```csv") for page in PAGES)


def test_every_reader_has_its_row_and_there_are_no_others():
    index = (DOCS / "exports" / "index.md").read_text("utf-8")
    read = index.partition("## What is read as it comes")[2].partition("\n## ")[0]
    assert set(READERS.values()) == found.adapters().keys()
    assert all(words in read for words in READERS)
    assert read.count("\n| ") == len(READERS) + 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_findings_that_a_page_names_exist(page):
    told = page.read_text("utf-8").partition("## Findings that come up")[2]
    named = {code for cell in re.findall(r"^\| (`.*?) \|", told, re.MULTILINE) for code in re.findall(r"`(\w+)`", cell)}
    package = Path(found.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in [*package.glob("*.py"), *package.glob("*.yaml")])
    assert not {name for name in named if f'"{name}"' not in code and f"\n  {name}:" not in code}


def test_columns_and_policies_that_pages_name_exist():
    known = {column for table in CANONICAL.values() for column in table.columns} | CANONICAL.keys()
    known |= {value for table in CANONICAL.values() for column in table.columns.values() for value in column.values}
    policies = register.policies().keys()
    for page in PAGES:
        text = page.read_text("utf-8")
        for name in re.findall(r"the polic(?:y|ies) `(\w+)", text):
            assert name in policies, name
        for table in re.findall(
            r"^\| ((?:`\w+`(?:, )?)+) \|",
            text.partition("## Which table answers what")[2].partition("\n## ")[0],
            re.MULTILINE,
        ):
            assert set(re.findall(r"`(\w+)`", table)) <= known, table


def test_every_table_of_the_contract_is_said_to_answer_something():
    page = (DOCS / "exports" / "canonical.md").read_text("utf-8").partition("## Which table answers what")[2]
    assert CANONICAL.keys() <= set(re.findall(r"`(\w+)`", page))
