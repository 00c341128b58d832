"""A real browser, the sample estate's report and a JupyterLab; `make browser` runs what is here, `make test` does not.

The environment may name a workspace with a run and a report of the sample (LMANALYTICS_BROWSER_WORKSPACE), which saves
computing them.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
TOKEN = "only-for-this-test"  # noqa: S105 (it guards nothing)
SETTINGS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
PATIENCE = int(os.environ.get("LMANALYTICS_BROWSER_PATIENCE", "300000"))
"""Milliseconds that anything may take on a machine that does other work, too."""


def lm(workspace, *words):
    done = subprocess.run(
        [sys.executable, "-m", "lmanalytics", "-w", str(workspace), *words, "--json"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    if given := os.environ.get("LMANALYTICS_BROWSER_WORKSPACE"):
        return Path(given).resolve()
    folder = tmp_path_factory.mktemp("work space")
    subprocess.run([sys.executable, "-m", "lmanalytics", "init", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def report(workspace):
    """Publish the sample's report, once, and return its page."""
    if not os.environ.get("LMANALYTICS_BROWSER_WORKSPACE"):
        lm(workspace, "report", str(ROOT / "data" / "sample"), "--as-of", "2026-06-30", "--publisher", "builtin")
    return max((workspace / "reports").glob("*/report.html"))


@pytest.fixture(scope="session")
def chromium():
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    assert program, "No Chromium on the PATH: apt-get install chromium"
    with sync_playwright() as playwright:
        sandbox = [] if os.name != "posix" or os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=program, args=sandbox)
        yield browser
        browser.close()


class Watched:
    """A page, everything that it asked for, and every error that it told of."""

    def __init__(self, page):
        self.page, self.requests, self.errors = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type in {"error", "warning"} else None)


@pytest.fixture
def opened(chromium):
    """Open a page of a given width."""
    contexts = []

    def make(address, width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        watched = Watched(context.new_page())
        watched.page.goto(address if isinstance(address, str) else address.as_uri())
        return watched

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def lab(workspace, report):  # noqa: ARG001 (its run is what the notebooks open)
    """Start JupyterLab as `make lab` does, on the workspace's notebooks, and return its address."""
    notebooks = workspace / "notebooks"
    if not notebooks.is_dir():
        shutil.copytree(ROOT / "notebooks", notebooks)
    with served(notebooks) as address:
        yield address


class served:  # noqa: N801 (a context manager, named as it is used)
    """JupyterLab as the Makefile starts it, on these notebooks."""

    def __init__(self, notebooks):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/lab"
        options = f"--no-browser --port={port} --ServerApp.port_retries=0 --IdentityProvider.token={TOKEN}"
        options += " --allow-root" if os.name == "posix" and not os.geteuid() else ""
        self.log = (notebooks.parent / "lab.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["make", "lab", f"NOTEBOOKS={notebooks}", f"LAB={options}"],  # noqa: S607 (as a user types it)
            cwd=ROOT, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **{name: str(notebooks.parent / f".{name}") for name in SETTINGS}},
        )  # fmt: skip

    def __enter__(self):
        for _ in range(PATIENCE // 1000):
            try:
                urllib.request.urlopen(f"{self.address}?token={TOKEN}", timeout=10).close()  # noqa: S310 (our own)
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(1)
            else:
                return self.address
        self.__exit__()
        raise AssertionError(Path(self.log.name).read_text(encoding="utf-8"))

    def __exit__(self, *_):
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
