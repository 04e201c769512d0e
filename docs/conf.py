"""Sphinx configuration: pages in MyST, examples executed, reference from docstrings."""

from __future__ import annotations

from importlib.metadata import version as installed

project = "sciae"
copyright = "2026, The sciae developers"
version = release = installed("sciae")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py", "gallery/**/*.md5"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"sciae {release}"
html_show_sourcelink = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "filename_pattern": r"/\d\d_",
    "ignore_pattern": r"make_samples|__init__",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "plot_gallery": True,
    "min_reported_time": 5,
}
suppress_warnings = [
    "config.cache",  # the gallery's settings hold functions
    "ref.python",  # "array, shape (row,)" is no reference to an attribute that is called shape
]
