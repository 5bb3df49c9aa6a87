"""`dlcourse start`: the labs, copied to where a student works."""

import pytest
from typer.testing import CliRunner

from dlcourse.cli import app
from dlcourse.start import copy_labs, packaged_labs
from tests.conftest import ROOT


def test_all_labs_are_copied_whole(tmp_path):
    copied, kept = copy_labs(tmp_path / "work")
    assert copied == sorted(path.name for path in (ROOT / "labs").iterdir() if path.is_dir())
    assert kept == []
    for lab in copied:
        for name in (f"{lab}.ipynb", "checks.json"):
            source = packaged_labs() / lab / name
            assert (tmp_path / "work" / lab / name).read_bytes() == source.read_bytes()


def test_work_is_kept(tmp_path):
    mine = tmp_path / "02_mlp" / "02_mlp.ipynb"
    mine.parent.mkdir()
    mine.write_text("my answers")
    copied, kept = copy_labs(tmp_path)
    assert kept == ["02_mlp"]
    assert "02_mlp" not in copied
    assert mine.read_text() == "my answers"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("again", [False, True])
def test_the_command_says_what_it_did(tmp_path, again):
    for _ in range(1 + again):
        result = CliRunner().invoke(app, ["start", str(tmp_path / "work"), "--no-open"])
    assert result.exit_code == 0
    assert ("Kept as they are: 00_welcome" if again else "Copied 12 labs") in result.output
