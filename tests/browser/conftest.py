"""A real browser, and a real JupyterLab to open in it.

Pictures of the guides are taken by these tests: `make pictures` stores them in docs/images.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.conftest import ROOT
from tests.course_support import BIN

PICTURES = ROOT / "docs" / "images"
ALONE = [  # no service of the browser's maker is called
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium():
    """The path of an installed Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def install_chromium():
    """Install Debian's Chromium as root, else Playwright's own; return why it failed, or ""."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        update = ["apt-get", "update", "-qq"]
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium",
                   "fonts-dejavu-core"]  # fmt: skip
        subprocess.run(update, capture_output=True)
    else:
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()[-300:]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    problem = "" if find_chromium() else install_chromium()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ALONE)
        except Error as error:
            pytest.skip(f"no browser can be installed here: {problem or error}")
        yield browser
        browser.close()


@pytest.fixture
def page(browser, tmp_path):
    """A page of a laptop's size; how it looked at last is in last.png of the test's folder."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page
    page.screenshot(path=tmp_path / "last.png")
    context.close()


@pytest.fixture
def picture():
    """Return a function that takes a picture for the guides, if they are being taken."""

    def take(target, name, **options):
        if os.environ.get("DLCOURSE_PICTURES"):
            target.screenshot(path=PICTURES / f"{name}.png", **options)

    return take


def answers(port):
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as connection:
        return connection.connect_ex(("localhost", port)) == 0


class JupyterLab:
    """A server of its own, which shares no setting with the user's.

    Args:
        folder: where it is started.
        home: an empty folder.
        theme: name of a theme of JupyterLab.
        nbgrader: lines of the user's own configuration of nbgrader.
        command: starts it.
    """

    def __init__(
        self, folder: Path, home: Path, theme: str, nbgrader: str, command: list[str]
    ) -> None:
        (home / ".jupyter").mkdir()
        (home / ".jupyter" / "nbgrader_config.py").write_text("c = get_config()\n" + nbgrader)
        settings = home / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
        (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))
        environment = {
            "PATH": f"{BIN}{os.pathsep}{os.defpath}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "JUPYTER_TOKEN": "secret",
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        self._log = (home / "log").open("w")
        self._process = subprocess.Popen(
            [*command, "--no-browser", "--allow-root", "--port=0"],
            cwd=folder,
            env=environment,
            stdout=self._log,
            stderr=self._log,
        )
        self.address = self._wait(home / "runtime")

    def _wait(self, runtime: Path) -> str:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for file in runtime.glob("jpserver-*.json"):
                server = json.loads(file.read_text())
                if answers(server["port"]):  # it writes the file before it listens
                    return server["url"]
            time.sleep(0.1)
        raise TimeoutError(Path(self._log.name).read_text())

    def url(self, path: str = "") -> str:
        return f"{self.address}lab{path}?token=secret&reset"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(120)  # its kernels end first
        self._log.close()


@pytest.fixture
def jupyter(tmp_path):
    """Return a function that starts JupyterLab in a folder."""
    servers = []

    def start(folder, theme="JupyterLab Light", nbgrader="", command=(BIN / "jupyter", "lab")):
        home = tmp_path / f"home-{len(servers)}"
        home.mkdir()
        servers.append(JupyterLab(folder, home, theme, nbgrader, command))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
