"""Sphinx's settings: pages in Markdown, the API from the docstrings, the gallery from examples/."""

import os
import re

# Figures are drawn without a screen, in the processes that joblib starts too.
os.environ["MPLBACKEND"] = "agg"

# HalvingGridSearchCV, in an example, is there for those who ask for it.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

import skfourier

project = "skfourier"
author = "The skfourier developers"
copyright = "The skfourier developers, BSD-3-Clause"
release = version = skfourier.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
# `name` is a link where there is such a name, and code where there is none.
default_role = "py:obj"
root_doc = "index"

# Markdown
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3

# The API
autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"  # fit() in the margin, which is narrow
numpydoc_show_class_members = False

# Names that scikit-learn has and users know; all else of its base classes stays on its own pages.
_SCIKIT_LEARNS = {"fit_transform", "get_params", "set_params", "score"}


def skip_members(_app, _what, name, member, _skip, _options):
    """Skip what a class inherits from scikit-learn and torch, but for a few methods."""
    member = getattr(member, "fget", member)
    module = getattr(member, "__module__", None) or ""
    if module.split(".")[0] == "skfourier":
        return None
    return True if name not in _SCIKIT_LEARNS else None


def as_markup(_app, _what, _name, _object, _options, lines):
    """Turn into reStructuredText what reads well in an editor and is none."""
    text = "\n".join(lines)
    # A type that goes on in the next line.
    text = re.sub(r" \\\n +", " ", text)
    # In a shape, names that end in an underscore would be links, and asterisks emphasis.
    text = re.sub(r"(of shape|tensor) \(.*", escape_shape, text)
    # A letter and a full stop would begin a list.
    text = re.sub(r"(?m)^( +[a-z])\. ", r"\1\\. ", text)
    # Sections of scikit-learn's own user guide.
    text = re.sub(r":ref:`([^`<]+) <[^`>]+>`", r"\1", text)
    lines[:] = text.split("\n")


def escape_shape(shape):
    """Escape underscores at the ends of names, and asterisks."""
    return re.sub(r"(?<=\w)_(?=\W)|\*", r"\\\g<0>", shape[0])


# The gallery
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skfourier",),
    "filename_pattern": "/plot_",
    "within_subsection_order": "ExampleTitleSortKey",
    "show_memory": False,
    "min_reported_time": 5,
    "download_all_examples": False,
    "show_signature": False,
}

# Links to other projects. Without a network the few names that are listed here become links.
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable/", (None, "inventories/scikit-learn.txt")),
}
intersphinx_timeout = 5

# The pages
html_theme = "pydata_sphinx_theme"
html_title = "skfourier"
html_static_path = ["_static"]
html_css_files = ["skfourier.css"]
html_sidebars = {"*": []}  # pages without neighbors in their section
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "github_url": "https://github.com/skfourier/skfourier",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True


def setup(app):
    """Register what this file defines."""
    app.connect("autodoc-skip-member", skip_members)
    app.connect("autodoc-process-docstring", as_markup, priority=100)  # before numpydoc
