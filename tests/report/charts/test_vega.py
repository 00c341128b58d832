"""The scripts that make charts interactive."""

import re

from lmanalytics.report.charts import vega


def test_the_bundle_is_whole_and_loads_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    vega.scripts.cache_clear()
    bundle, start = vega.scripts()
    assert "vegaEmbed" in bundle
    assert len(bundle) > 500_000
    assert "</script" not in bundle + start
    assert not re.search(r"import\s*\(\s*[\"']https?:", bundle)
    (kept,) = (tmp_path / "lmanalytics").iterdir()
    assert kept.name.startswith(f"vega-{vega.VEGA_LITE}-")
    kept.write_text("kept", encoding="utf-8")
    vega.scripts.cache_clear()
    assert vega.scripts()[0] == "kept"
    vega.scripts.cache_clear()


def test_the_header_is_two_scripts():
    header = vega.header_html()
    assert header.count("<script>") == header.count("</script>") == 2
    assert "src=" not in re.sub(r"<script>.*?</script>", "", header, flags=re.DOTALL)


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path, monkeypatch):
    taken = tmp_path / "file"
    taken.write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(taken))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(vega.vlc, "javascript_bundle", lambda **_: "made </script> <!-- here")
    vega.scripts.cache_clear()
    assert vega.scripts()[0] == "made <\\/script> <\\!-- here"
    vega.scripts.cache_clear()
