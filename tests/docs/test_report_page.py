"""docs/report.md has each chapter of the book, by its title and in its order."""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BOOK = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))["book"]
PAGE = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")


def title(name):
    first = "".join(json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))["cells"][0]["source"])
    return re.search(r"^(?:title: |# )(.*?)(?: \{.*\})?$", first, re.MULTILINE)[1]


def test_every_chapter_of_the_book_is_explained_in_its_order():
    told = re.findall(r"^### (.+)$", PAGE.partition("## Chapter by chapter")[2], re.MULTILINE)
    assert told == [title(name) for name in BOOK["chapters"]]
