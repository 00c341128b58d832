"""Running notebooks: parameters are data, failures name their cell, nothing of the machine stays."""

import json
import os
import sys
from datetime import date

import nbformat
import pytest

from lmanalytics.errors import ReportError
from lmanalytics.report.execute import epoch, execute_notebooks
from lmanalytics.report.executed import normalize, read_notebook
from tests.report.example_book import code, markdown, notebook, parameters, printed, shown

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
HOSTILE = "\"'); import os; os._exit(7) #\n\\x41 {run_dir} %s"


def save(path, *cells):
    nbformat.write(notebook(*cells), path)
    return path


def texts(path):
    node = json.loads(path.read_text(encoding="utf-8"))
    return [
        "".join(o.get("text", [])) for c in node["cells"] for o in c.get("outputs", []) if o["output_type"] == "stream"
    ]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run two notebooks twice, from different folders."""
    made = []
    for _ in range(2):
        folder = tmp_path_factory.mktemp("work {braces}")
        cells = [
            parameters(run_dir="x", as_of="2020-01-01"),
            code(
                "import json, os, sys, warnings\n"
                "print(json.dumps([run_dir, as_of]))\nprint(os.getcwd(), sys.executable, file=sys.stderr)\n"
                "warnings.warn('careful')\nobject()"
            ),
            code("print({'a', 'b', 'c', 'd', 'e'}, os.environ['SOURCE_DATE_EPOCH'])\nprint('more')"),
        ]
        paths = [
            save(folder / "a.ipynb", *cells),
            save(folder / "b.ipynb", parameters(run_dir="", as_of=""), markdown("# B")),
        ]
        done = execute_notebooks(paths, folder / "out", {"run_dir": HOSTILE, "as_of": "2026-06-30"}, cwd=folder)
        made.append((folder, done))
    return made


def test_a_parameter_with_code_in_it_stays_text(ran):
    _, done = ran[0]
    assert json.loads(texts(done[0])[0]) == [HOSTILE, "2026-06-30"]


def test_two_runs_give_the_same_bytes(ran):
    for first, second in zip(ran[0][1], ran[1][1], strict=True):
        assert first.read_bytes() == second.read_bytes()
        assert first.name == second.name


def test_nothing_of_the_machine_stays(ran):
    folder, done = ran[0]
    text = done[0].read_text(encoding="utf-8")
    assert str(folder) not in text
    assert sys.prefix not in text
    assert "ipykernel_" not in text
    assert not [line for line in text.splitlines() if " at 0x" in line]
    node = json.loads(text)
    assert set(node["metadata"]) == {"kernelspec", "language_info", "papermill"}
    assert "start_time" not in text
    assert "1782777600" in text


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path):
    path = save(tmp_path / "a.ipynb", parameters(run_dir="x"), code("raise SystemExit"))
    with pytest.raises(ReportError, match=r"a\.ipynb has no parameter 'rundir'. Did you mean 'run_dir'"):
        execute_notebooks([path], tmp_path / "out", {"rundir": "x"})
    assert not (tmp_path / "out").exists()


def test_a_notebook_without_parameters_is_refused(tmp_path):
    with pytest.raises(ReportError, match="no cell is tagged `parameters`"):
        execute_notebooks([save(tmp_path / "a.ipynb", code("x = 1"))], tmp_path, {"run_dir": "x"})


def test_a_failing_cell_is_named_without_a_traceback(tmp_path):
    good = save(tmp_path / "a.ipynb", parameters(as_of=""), code("x = 1"))
    bad = save(
        tmp_path / "b.ipynb", parameters(as_of=""), markdown("# B"), code("#| label: tbl-a\nraise KeyError('vm')")
    )
    with pytest.raises(ReportError) as failed:
        execute_notebooks([good, bad], tmp_path / "out", {"as_of": "2026-06-30"})
    said = str(failed.value)
    assert said.startswith("Notebook b.ipynb failed in cell 3 (tbl-a): KeyError: 'vm'\nNo report was written")
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert not list((tmp_path / "out").glob("*.ipynb"))


@pytest.mark.parametrize(
    ("text", "said"), [("no json", "is no notebook"), ("[]", "is no notebook"), ("{}", "is no notebook")]
)
def test_what_is_no_notebook_is_named(tmp_path, text, said):
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=said):
        read_notebook(path)


def test_an_absent_notebook_is_named(tmp_path):
    with pytest.raises(ReportError, match=r"a\.ipynb is absent"):
        execute_notebooks([tmp_path / "a.ipynb"], tmp_path, {})


def test_a_notebook_without_kernel_is_named(tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[parameters(as_of="")]), path)
    with pytest.raises(ReportError, match="names no kernel"):
        execute_notebooks([path], tmp_path, {})


def test_pieces_of_printed_text_are_joined_and_paths_hidden():
    cell = code(
        "x",
        printed("a\n"),
        printed("in /srv/me/runs/7\n"),
        printed("e", "stderr"),
        shown(plain="<X at 0x7f3a5c0d10> 0x80070005"),
    )
    node = normalize(notebook(cell), {"/srv/me/runs": "."})
    first, second, third = node.cells[0].outputs
    assert (first.text, second.text) == ("a\nin ./7\n", "e")
    assert third.data["text/plain"] == "<X> 0x80070005"


def test_the_epoch_of_a_day():
    assert epoch(date(1970, 1, 2)) == 86400


@pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
def test_a_kernel_that_dies_is_named(tmp_path):
    path = save(
        tmp_path / "a.ipynb", parameters(as_of=""), code("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    )
    with pytest.raises(ReportError, match=r"Notebook a\.ipynb stopped"):
        execute_notebooks([path], tmp_path / "out", {"as_of": "2026-06-30"})
