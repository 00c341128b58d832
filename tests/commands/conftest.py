"""Runs of these tests leave out what other readings of the policies would change, but where a test asks for it."""

import pytest

from lmanalytics import answers


@pytest.fixture(autouse=True, scope="package")
def no_other_readings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "SWING_LIMIT", -1)
        yield


@pytest.fixture
def other_readings(monkeypatch):
    monkeypatch.setattr(answers, "SWING_LIMIT", 1_000)
