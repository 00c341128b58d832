import json
from datetime import date

import pytest

from lmanalytics.errors import RunError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.verify import verify


@pytest.fixture
def run(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "hosts.csv").write_text("host_id\nh1\n")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "position.parquet").write_bytes(b"answer")
    asked = manifest.question(exports, date(2026, 6, 30), {})
    manifest.write(folder, asked, {"movement": "observed"}, [], {"entities": ["main"]})
    return folder


def found(run, **more):
    return [(d.part, d.file, d.change) for d in verify(run, **more)]


def test_an_untouched_run_is_as_it_was_written(run):
    assert found(run, exports=run.parent / "exports") == []


def test_a_changed_answer_is_named(run):
    (run / "position.parquet").write_bytes(b"another")
    assert found(run) == [("answers", "position.parquet", "changed")]


def test_a_missing_and_an_added_file_are_named(run):
    (run / "position.parquet").unlink()
    (run / "plan.parquet").write_bytes(b"new")
    assert found(run) == [("answers", "plan.parquet", "added"), ("answers", "position.parquet", "missing")]


def test_a_changed_export_is_named(run):
    (run.parent / "exports" / "hosts.csv").write_text("host_id\nh2\n")
    assert found(run, exports=run.parent / "exports") == [("exports", "hosts.csv", "changed")]


def test_a_changed_manifest_is_named(run):
    path = run / manifest.NAME
    document = json.loads(path.read_text())
    document["policies"]["movement"] = "cluster"
    path.write_text(json.dumps(document))
    assert found(run) == [("manifest", manifest.NAME, "changed")]


def test_a_manifest_that_is_no_json_is_an_error_and_no_traceback(run):
    (run / manifest.NAME).write_text("{")
    with pytest.raises(RunError, match="changed after the run"):
        verify(run)


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    with pytest.raises(RunError, match="not a finished run"):
        verify(tmp_path)


def test_a_changed_report_is_named(run, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "report.html").write_text("<p>")
    manifest.write_report(reports, run, "builtin")
    assert found(run, reports=reports) == []
    (reports / "report.html").write_text("<p>paid")
    assert found(run, reports=reports) == [("report", "report.html", "changed")]


def test_the_same_question_has_the_same_run_id_and_another_has_another(run):
    exports = run.parent / "exports"
    day = date(2026, 6, 30)
    first = manifest.question(exports, day, {}).run_id
    assert first == manifest.question(exports, day, {}).run_id
    assert first.startswith("2026-06-30-")
    others = {
        manifest.question(exports, date(2026, 7, 1), {}).run_id,
        manifest.question(exports, day, {"movement": "cluster"}).run_id,
    }
    (exports / "hosts.csv").write_text("host_id\nh3\n")
    others.add(manifest.question(exports, day, {}).run_id)
    assert len(others | {first}) == 4


def test_hidden_and_lock_files_are_no_exports(run, tmp_path):
    exports = tmp_path / "exports"
    before = manifest.question(exports, date(2026, 6, 30), {}).run_id
    (exports / ".DS_Store").write_text("x")
    (exports / "~$hosts.xlsx").write_text("x")
    assert manifest.question(exports, date(2026, 6, 30), {}).run_id == before
    assert found(run, exports=exports) == []
