"""The files in data/: what they hold, how they are built, and that a wheel carries them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
BUILT_OFFLINE = ["iris.csv", "trace.csv", "sunspots.csv"]

# As printed in chapter 2 of the lecture notes.
BOSTON_PRINTED = """\
        RM     CRIM  INDUS    NOX   AGE    TAX  PRICE
0    6.575  0.00632   2.31  0.538  65.2  296.0   24.0
1    6.421  0.02731   7.07  0.469  78.9  242.0   21.6
2    7.185  0.02729   7.07  0.469  61.1  242.0   34.7
3    6.998  0.03237   2.18  0.458  45.8  222.0   33.4
4    7.147  0.06905   2.18  0.458  54.2  222.0   36.2
..     ...      ...    ...    ...   ...    ...    ...
501  6.593  0.06263  11.93  0.573  69.1  273.0   22.4
502  6.120  0.04527  11.93  0.573  76.7  273.0   20.6
503  6.976  0.06076  11.93  0.573  91.0  273.0   23.9
504  6.794  0.10959  11.93  0.573  89.3  273.0   22.0
505  6.030  0.04741  11.93  0.573  80.8  273.0   11.9

[506 rows x 7 columns]"""
BOSTON_TWO_PRINTED = """\
        RM  PRICE
0    6.575   24.0
1    6.421   21.6
2    7.185   34.7
3    6.998   33.4
4    7.147   36.2
..     ...    ...
501  6.593   22.4
502  6.120   20.6
503  6.976   23.9
504  6.794   22.0
505  6.030   11.9

[506 rows x 2 columns]"""
IRIS_PRINTED = """\
     sepal length (cm)  sepal width (cm)  petal length (cm)  petal width (cm)  target
0                  5.1               3.5                1.4               0.2       0
1                  4.9               3.0                1.4               0.2       0
2                  4.7               3.2                1.3               0.2       0
3                  4.6               3.1                1.5               0.2       0
4                  5.0               3.6                1.4               0.2       0
..                 ...               ...                ...               ...     ...
145                6.7               3.0                5.2               2.3       2
146                6.3               2.5                5.0               1.9       2
147                6.5               3.0                5.2               2.0       2
148                6.2               3.4                5.4               2.3       2
149                5.9               3.0                5.1               1.8       2

[150 rows x 5 columns]"""


def printed(frame: pd.DataFrame) -> str:
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        return repr(frame)


def build_script(folder: Path = DATA) -> ModuleType:
    spec = importlib.util.spec_from_file_location("data_build", folder / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_boston_prints_as_in_the_notes() -> None:
    boston = pd.read_csv(DATA / "boston.csv")
    assert printed(boston) == BOSTON_PRINTED
    assert printed(boston[["RM", "PRICE"]]) == BOSTON_TWO_PRINTED


def test_iris_prints_as_in_the_notes() -> None:
    assert printed(pd.read_csv(DATA / "iris.csv", index_col=0)) == IRIS_PRINTED


def test_boston_has_the_published_means_and_no_other_column() -> None:
    boston = pd.read_csv(DATA / "boston.csv")
    means = {"RM": 6.2846, "CRIM": 3.6135, "INDUS": 11.1368, "NOX": 0.5547, "AGE": 68.5749}
    means |= {"TAX": 408.2372, "PRICE": 22.5328}
    assert boston.mean().round(4).to_dict() == means
    assert np.sum(boston["PRICE"] == 50) == 16
    assert not boston.isna().any(axis=None)


@pytest.mark.parametrize("name", BUILT_OFFLINE)
def test_rebuilding_gives_the_same_bytes(name: str) -> None:
    assert build_script().BUILDERS[name]().encode() == (DATA / name).read_bytes()


@pytest.mark.slow
def test_rebuilding_boston_gives_the_same_bytes() -> None:
    try:
        rebuilt = build_script().boston()
    except subprocess.CalledProcessError:
        pytest.skip("the package registry cannot be reached")
    assert rebuilt.encode() == (DATA / "boston.csv").read_bytes()


def test_boston_columns_are_selected_by_name() -> None:
    original = (
        "2,13,,,,,,,,,,,,\n"
        '"CRIM","ZN","INDUS","CHAS","NOX","RM","AGE","DIS","RAD","TAX","PTRATIO","B","LSTAT","MEDV"\n'
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14\n"
        "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0,1.1,1.2,1.3,1.4\n"
    )
    assert build_script().select_boston(original) == (
        "RM,CRIM,INDUS,NOX,AGE,TAX,PRICE\n"
        "6.0,1.0,3.0,5.0,7.0,10.0,14.0\n"
        "0.6,0.1,0.3,0.5,0.7,1.0,1.4\n"
    )


def test_check_reports_a_changed_file_and_leaves_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    path = folder / "iris.csv"
    changed = path.read_bytes() + b"150,1,1,1,1,0\n"
    path.write_bytes(changed)
    main = build_script(folder).main

    assert main(["--check", "iris.csv"]) == 1
    assert path.read_bytes() == changed
    assert main(["iris.csv"]) == 0
    assert path.read_bytes() == (DATA / "iris.csv").read_bytes()
    assert main(["--check", "iris.csv"]) == 0
    messages = ["iris.csv: differs", "iris.csv: written", "iris.csv: as built"]
    assert capsys.readouterr().out.splitlines() == messages


def test_build_runs_as_a_script_and_names_the_files_it_knows() -> None:
    command = [sys.executable, str(DATA / "build.py"), "--check", "wine.csv"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "unknown file wine.csv; known: boston.csv" in result.stderr


def test_readme_tells_origin_and_license_of_each_file() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    origins = text[text.index("## Origin and license") :]
    for path in DATA.glob("*.csv"):
        assert f"**{path.name}**" in origins


FROM_A_WHEEL = """
import sys
from pathlib import Path
import dlcourse
from dlcourse import datasets

assert Path(dlcourse.__file__).is_relative_to(sys.argv[1]), dlcourse.__file__
print(datasets.load_boston(as_frame=True).shape, datasets.load_iris(as_frame=True).shape)
print(datasets.load_trace()[0][0].shape, datasets.load_sunspots()[0].shape)
print(datasets.load_digits()[0].shape, datasets.load_breast_cancer()[0].shape)
print(datasets.load_sample_image().shape, datasets.load_glyphs(n_train=9, n_test=1)[0][0].shape)
"""


@pytest.mark.slow
def test_an_installed_wheel_loads_all_data(tmp_path: Path) -> None:
    dist, site, elsewhere = tmp_path / "dist", tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    build = ["-m", "build", "--wheel", "--no-isolation", f"--outdir={dist}", str(ROOT)]
    subprocess.run([sys.executable, *build], check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    for path in DATA.glob("*.csv"):
        assert (site / "dlcourse" / "data" / path.name).read_bytes() == path.read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", FROM_A_WHEEL, str(site)],
        cwd=elsewhere,
        env={"PYTHONPATH": str(site), "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "(506, 7) (150, 5)",
        "(100, 275, 1) (309,)",
        "(1797, 8, 8) (569, 30)",
        "(427, 640, 3) (9, 28, 28)",
    ]
