"""The four texts against the table of their sentences: none is missing, and each has a rule or a reason."""

import hashlib
import os
import re
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.rules.engine import rules_of
from lmanalytics.rules.register import modules, policies
from lmanalytics.rules.sentences import KINDS, TITLES, markdown, sentences, stating

ROOT = Path(__file__).parents[2]
SEEDS = Path(os.environ.get("LMANALYTICS_SHARED", ROOT.parent / "shared")) / "seeds"
NUMBERS = {"alibaba_cloud": "000", "product_terms": "001", "interoute": "002", "windows_server": "003"}


def split(text):
    """Split a text into its sentences; a row of a table is one."""
    for line in map(str.strip, text.splitlines()):
        if "|" in line and re.search(r"\w", line):
            yield line
        else:
            yield from (p for p in re.split(r"(?<=[.!?:;])\s+(?=[A-Z“\"(])", line) if re.search(r"\w", p))


def digest(sentence):
    return hashlib.sha256(re.sub(r"[\W_]+", "", sentence.lower()).encode()).hexdigest()[:10]


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the four texts are not here")
@pytest.mark.parametrize("source", TITLES)
def test_no_sentence_of_a_text_is_missing(source):
    text = next(SEEDS.glob(f"{NUMBERS[source]}_*")).read_text(encoding="utf-8")
    told = sentences().filter(pl.col("source") == source)
    assert told["number"].to_list() == list(range(1, told.height + 1))
    assert told["digest"].to_list() == [digest(s) for s in split(text)]


def test_each_sentence_has_rules_or_a_reason_why_data_cannot_decide():
    neither = stating().filter((pl.col("rules").list.len() > 0) == pl.col("undecidable").is_not_null())
    assert neither.select("source", "number", "says").rows() == []
    assert not sentences().filter(~pl.col("kind").is_in(KINDS) | ~pl.col("source").is_in(list(TITLES))).height
    assert not stating().filter(pl.col("says").is_null() | pl.col("section").is_null()).height


def test_each_rule_and_policy_that_a_sentence_names_exists():
    known = {f"policy:{name}" for name in policies()}
    for module in modules():
        name = module.__name__.rpartition(".")[2]
        known |= {name, *(f"{name}.{r.name}" for r in rules_of(module))}
    named = set(stating().explode("rules")["rules"].drop_nulls())
    assert sorted(named - known) == []


def test_the_page_of_the_docs_is_this_table():
    assert (ROOT / "docs" / "sentences.md").read_text(encoding="utf-8") == markdown()


def test_the_texts_state_what_everybody_knows_of_them():
    says = dict(stating().group_by("source").agg(pl.len()).rows())
    assert says["product_terms"] > 100
    assert says["windows_server"] > 60
    assert says["alibaba_cloud"] > 10
    assert says["interoute"] > 10
