import csv
import json
import re
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest
from click.testing import CliRunner

from lmanalytics.errors import RunError
from lmanalytics.report import verification_packet
from lmanalytics.report.verification_packet import packets
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import mobility
from lmanalytics.schemas import ANSWERS
from lmanalytics.workspace import Workspace
from tests.facts.estates import table

AS_OF = date(2026, 6, 30)
SQL = {
    "provider": "Interoute", "agreement_id": "A1", "product": "SQL Server", "edition": "Standard", "version": "2019",
    "metric": "core", "vcpus": 8, "hosting": "shared", "is_tenant_dedicated_instance": True,
    "deployed_on": date(2026, 6, 25),
}  # fmt: skip


def run(folder, *deployments, customer="Contoso & Sons", forms=()):
    """Lay a run folder with the answers of some deployments."""
    lots = [
        {"entity_id": "main", "license_id": p, "agreement_id": a, "program": "ea", "product": p, "edition": "Standard",
         "metric": "core", "quantity": 64, "valid_from": date(2020, 1, 1), "sa_active": True, "sa_start": date(2020, 1, 1),
         "sa_end": date(2027, 1, 1), "is_perpetual": True}
        for p in ("SQL Server", "BizTalk Server") for a in ("A1", "=A2", "A3")
    ]  # fmt: skip
    inputs = {
        "mobility_deployments": table(
            "mobility_deployments", *({"deployment_id": f"d{n}", **SQL, **row} for n, row in enumerate(deployments))
        ),
        "agreements": table(
            "agreements",
            *(
                {"agreement_id": a, "enrollment_id": a, "program": "ea", "customer": customer}
                for a in ("A1", "=A2", "A3")
            ),
        ),
        "licenses": pl.LazyFrame(lots, schema=ANSWERS["licenses"].schema),
        "verification_forms": table("verification_forms", *forms),
    }
    found = mobility.answers(inputs, Settings(AS_OF)) | {"licenses": inputs["licenses"]}
    folder.mkdir(parents=True)
    for name in ("mobility", "verification", "licenses"):
        found[name].collect().write_parquet(folder / f"{name}.parquet")
    document = {"run_id": "r1", "as_of": AS_OF.isoformat(), "policies": {}, "outputs": {}}
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def read(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class Page(HTMLParser):
    """The text, the tags and the addresses of a page."""

    def __init__(self, path):
        super().__init__()
        self.words, self.tags, self.links = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in {"href", "src"}]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_a_form_for_each_provider_and_agreement(tmp_path):
    folder = run(
        tmp_path / "run", {}, {"vcpus": 4}, {"agreement_id": "A3"}, {"provider": "AWS"}, {"product": "Windows Server"}
    )
    files = packets(folder, tmp_path / "out")
    assert [p.suffix for p in files] == [".csv", ".html"] * 3
    assert files == sorted((tmp_path / "out").iterdir())
    rows = read(next(p for p in files if p.suffix == ".csv" and "interoute-a1" in p.name))
    assert rows == [
        {
            "entity_id": "main", "customer": "Contoso & Sons", "agreement_id": "A1", "enrollment_id": "A1", "program": "ea",
            "product": "SQL Server", "edition": "Standard", "version": "2019", "metric": "core", "licenses": "12",
            "license_type": "Licenses with Software Assurance", "licenses_held_with_sa": "64", "sa_ends_on": "2027-01-01",
            "deployments": "2", "first_deployed_on": "2026-06-25", "form_due": "2026-07-05", "form_status": "pending",
            "partner_name": "Interoute USA Inc", "partner_website": "http://www.interoute.com",
            "partner_email": "licensing@interoute.com",
        }
    ]  # fmt: skip


def test_the_page_says_the_same_and_needs_nothing_else(tmp_path):
    folder = run(tmp_path / "run", {}, {"product": "BizTalk Server"})
    page = Page(next(p for p in packets(folder, tmp_path / "out") if p.suffix == ".html"))
    for text in ("Contoso & Sons", "A1", "Enterprise Agreement", "SQL Server Standard 2019", "BizTalk Server Standard 2019",
                 "Licenses to be verified: 16", "Interoute USA Inc", "http://www.interoute.com", "licensing@interoute.com",
                 "2026-06-25", "2026-07-05", "To be submitted"):  # fmt: skip
        assert text in page.text
    assert page.links == []
    assert "script" not in page.tags
    assert "link" not in page.tags


def test_text_of_exports_stays_text(tmp_path):
    evil = {"provider": '<script>alert("x")</script>', "agreement_id": "=A2"}
    folder = run(tmp_path / "run", {"agreement_id": "=A2"}, evil, customer='=HYPERLINK("http://evil")')
    files = packets(folder, tmp_path / "out")
    assert [p.suffix for p in files] == [".csv", ".html"]
    row = read(files[0])[0]
    assert row["agreement_id"] == "'=A2"
    assert row["customer"] == '\'=HYPERLINK("http://evil")'
    assert '=HYPERLINK("http://evil")' in Page(files[1]).text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_no_cell_begins_a_formula(text):
    assert verification_packet._inert(text) == f"'{text}"  # noqa: SLF001


def test_numbers_and_days_stay_what_they_are():
    assert [verification_packet._inert(v) for v in (-1, None, AS_OF, "A-1")] == ["-1", "", "2026-06-30", "A-1"]  # noqa: SLF001


def test_markup_in_names_is_escaped(tmp_path):
    folder = run(tmp_path / "run", {"version": "<b>2019</b>"}, customer="<img src=x onerror=alert(1)>")
    page = Page(packets(folder, tmp_path / "out")[1])
    assert "img" not in page.tags
    assert "b" not in page.tags
    assert "<img src=x onerror=alert(1)>" in page.text


def test_a_name_leads_nowhere_else():
    packet = verification_packet.Packet(
        {"entity_id": "main", "provider": "../../etc/passwd", "agreement_id": "a/b\\c", "enrollment_id": None},
        [],
        [],
        None,
        None,
    )
    assert re.fullmatch(r"verification-form-[a-z0-9-]+", packet.name)


def test_what_is_due_is_the_earliest_form_that_is_open(tmp_path):
    form = {"provider": "Interoute", "agreement_id": "A1", "enrollment_id": "A1", "submitted_on": date(2026, 6, 26)}
    on_time = packets(run(tmp_path / "one", {}, forms=(form,)), tmp_path / "a")
    assert read(on_time[0])[0]["form_status"] == "on_time"
    late = run(tmp_path / "two", {}, {"deployed_on": date(2026, 6, 1)})
    assert (read(packets(late, tmp_path / "b")[0])[0]["form_due"], read(packets(late, tmp_path / "b")[0])[0]["form_status"]) == (
        "2026-06-11", "missing",
    )  # fmt: skip


def test_a_partner_with_a_form_per_product_is_told_of(tmp_path):
    folder = run(tmp_path / "run", {"provider": "AWS"}, {"provider": "AWS", "product": "BizTalk Server"})
    assert "for each product" in Page(packets(folder, tmp_path / "out")[1]).text
    one = run(tmp_path / "one", {"provider": "AWS"})
    assert "for each product" not in Page(packets(one, tmp_path / "two")[1]).text


def test_the_same_run_gives_the_same_bytes(tmp_path):
    folder = run(tmp_path / "run", {}, {"provider": "AWS"})
    first = [p.read_bytes() for p in packets(folder, tmp_path / "a")]
    assert first == [p.read_bytes() for p in packets(folder, tmp_path / "b")]


def test_nothing_to_verify_writes_nothing(tmp_path):
    folder = run(tmp_path / "run", {"product": "Windows Server"})
    assert packets(folder, tmp_path / "out") == []
    assert not (tmp_path / "out").exists()
    with pytest.raises(RunError):
        packets(tmp_path / "nowhere", tmp_path / "out")


def test_the_command_prints_what_it_wrote(tmp_path):
    run(tmp_path / "data" / "runs" / "r1", {})
    done = CliRunner().invoke(verification_packet.command, ["r1"], obj=Workspace(tmp_path))
    assert done.exit_code == 0, done.output
    files = done.stdout.split()
    assert len(files) == 2
    assert all((tmp_path / "reports" / "r1" / "forms") in __import__("pathlib").Path(f).parents for f in files)
