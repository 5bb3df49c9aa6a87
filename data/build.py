"""Rebuild the CSV files of this folder from the packages that carry the originals.

    python data/build.py            write all four files
    python data/build.py iris.csv   write this one
    python data/build.py --check    compare only; exit status 1 if a file is not as built

The same originals give the same bytes. `boston.csv` needs `pip download`; the others come
from scikit-learn, tslearn and statsmodels as installed by the `dev` extra.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent

# The last release whose wheel carries the Boston table.
BOSTON_PACKAGE = "scikit-learn==1.1.3"
BOSTON_MEMBER = "sklearn/datasets/data/boston_house_prices.csv"
BOSTON_COLUMNS = {  # ours: the original's
    "RM": "RM",
    "CRIM": "CRIM",
    "INDUS": "INDUS",
    "NOX": "NOX",
    "AGE": "AGE",
    "TAX": "TAX",
    "PRICE": "MEDV",
}


def csv_text(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as CSV text; a float is written in its shortest exact form."""
    return "".join(",".join(map(str, line)) + "\n" for line in (header, *rows))


def download_wheel(requirement: str, folder: str) -> Path:
    """Download one wheel into `folder` for reading; it never has to run on this machine."""
    tags = ["--python-version=3.10", "--implementation=cp", "--platform=manylinux2014_x86_64"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, requirement, "--no-deps", "--only-binary=:all:", *tags, f"--dest={folder}"],
        check=True,
    )
    return next(Path(folder).glob("*.whl"))


def select_boston(original: str) -> str:
    """Select and rename our columns of the original table, whose first line is its shape."""
    rows = csv.DictReader(io.StringIO(original.split("\n", 1)[1]))
    selected = [[float(row[column]) for column in BOSTON_COLUMNS.values()] for row in rows]
    return csv_text(BOSTON_COLUMNS, selected)


def boston() -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(download_wheel(BOSTON_PACKAGE, folder)) as wheel,
    ):
        return select_boston(wheel.read(BOSTON_MEMBER).decode())


def iris() -> str:
    from sklearn.datasets import load_iris

    original = load_iris()
    measures = original.data.tolist()
    rows = [[i, *row, k] for i, (row, k) in enumerate(zip(measures, original.target, strict=True))]
    return csv_text(["", *original.feature_names, "target"], rows)


def trace() -> str:
    from tslearn.datasets import CachedDatasets

    X_train, y_train, X_test, y_test = CachedDatasets().load_dataset("Trace")
    rows = [
        [part, label, *series.ravel().tolist()]
        for part, X, y in [("train", X_train, y_train), ("test", X_test, y_test)]
        for series, label in zip(X, y, strict=True)
    ]
    steps = [f"t{i}" for i in range(X_train.shape[1])]
    return csv_text(["part", "target", *steps], rows)


def sunspots() -> str:
    from statsmodels.datasets import sunspots

    original = sunspots.load_pandas().data
    rows = [[int(year), activity] for year, activity in original.to_numpy().tolist()]
    return csv_text(original.columns, rows)


BUILDERS = {
    "boston.csv": boston,
    "iris.csv": iris,
    "trace.csv": trace,
    "sunspots.csv": sunspots,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Rebuild the CSV files of this folder.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BUILDERS)}")
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BUILDERS):
        parser.error(f"unknown file {', '.join(sorted(unknown))}; known: {', '.join(BUILDERS)}")

    status = 0
    for name in options.names or BUILDERS:
        path = HERE / name
        content = BUILDERS[name]().encode()
        same = path.exists() and path.read_bytes() == content
        if options.check:
            print(f"{name}: {'as built' if same else 'differs'}")
            status |= not same
        else:
            path.write_bytes(content)
            print(f"{name}: {'unchanged' if same else 'written'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
