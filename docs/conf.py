"""Sphinx's configuration of the book; `make docs` builds it."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

from pages import REPOSITORY

import dlcourse

project = "dlcourse"
author = "The dlcourse authors"
project_copyright = "the dlcourse authors"
release = version = dlcourse.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx-mathjax-offline",  # formulas without a network
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_build"]

nb_execution_mode = "off"  # pages.py has executed what there is to execute
nb_ipywidgets_js = {}  # still pictures stand in for widgets: nothing is loaded from the network
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

default_role = "literal"  # docstrings write `code`
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signature has them
autodoc_typehints_format = "short"
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "dlcourse"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_show_sourcelink = False
html_copy_source = False
# pages without others below them need no list of these
html_sidebars = {name: [] for name in ("index", "students", "authoring", "gallery")}
html_theme_options = {
    "navbar_align": "left",
    "github_url": REPOSITORY,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
