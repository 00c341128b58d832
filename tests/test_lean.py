"""What a notebook loads: nothing that takes seconds and is not needed."""

import subprocess
import sys

LOADS = """
import lmanalytics.report.chapters.tables, lmanalytics.report.charts.answers
from lmanalytics.rules import register
register.reasons()
import sys
print([name for name in {names} if sys.modules.get(name) is not None])
"""


def test_a_notebook_loads_neither_great_expectations_nor_a_grammar_of_iris():
    names = ["great_expectations", "rfc3987_syntax", "pandas", "papermill"]
    done = subprocess.run([sys.executable, "-c", LOADS.format(names=names)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_loaded_already_stays():
    code = (
        "import sys, types; sys.modules['rfc3987_syntax'] = kept = types.ModuleType('x')\n"
        "import lmanalytics.report; assert sys.modules['rfc3987_syntax'] is kept"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


LATER = """
import sys
from lmanalytics.lean import loaded_later
with loaded_later("json", "xml.dom.minidom", "no_such_module"):
    import json
    from xml.dom import minidom as early
    assert "json.decoder" not in sys.modules
    assert "xml.dom.expatbuilder" not in sys.modules
    assert "no_such_module" not in sys.modules
assert "json" not in sys.modules
assert json.loads("[1]") == [1]
assert early.parseString("<a/>").documentElement.tagName == "a"
import xml.dom.minidom
assert early.Document is xml.dom.minidom.Document
with loaded_later("json"):
    import json as again
assert again is sys.modules["json"]
"""


def test_a_module_that_is_loaded_later_is_the_same_once_it_is_asked_for_something():
    subprocess.run([sys.executable, "-I", "-c", LATER], check=True)


def test_great_expectations_loads_without_statistics_and_charts():
    code = "import lmanalytics.quality, sys; print([name for name in ('scipy.stats', 'altair') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
