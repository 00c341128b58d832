"""What a notebook loads: nothing that takes seconds and is not needed."""

import subprocess
import sys

LOADS = """
import lmanalytics.report.tables, lmanalytics.report.charts
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
