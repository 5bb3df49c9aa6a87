"""HTML that strangers wrote, for pages that others open: no script, nothing from elsewhere."""

from __future__ import annotations

import html
import re

import nh3
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook

ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    # no id: the first of a page is the one that its scripts and links mean
    "*": {"class", "style", "title", "role", "aria-label", "aria-hidden"},
}
STYLES = {
    "border", "border-bottom", "border-collapse", "border-left", "border-right", "border-top",
    "background-color", "color", "display", "font-family", "font-size", "font-style", "font-weight",
    "height", "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
    "max-width", "padding", "text-align", "text-decoration", "vertical-align", "white-space",
    "width",
}  # fmt: skip
# tables, and colored code: with a class of the page's own a cell could cover others
CLASS = re.compile(r"dataframe|highlight|anchor-link|hll|[a-z][a-z0-9]?")
# a tag that is open where a block begins is written again there, in each of the blocks (HTML
# Standard, 13.2.4.3 and 13.2.6.4.7): so many times so many are too many
FORMATTING = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.I)
MOST_COPIES = 1_000_000


def harmless(page: str) -> str:
    """Return HTML without what runs, sends, loads, or covers other parts of a page.

    What would grow beyond all bounds when it is read becomes the text that it is.
    """
    if len(FORMATTING.findall(page)) * page.count("<") > MOST_COPIES:
        return f"<pre>{html.escape(page)}</pre>"
    return nh3.clean(
        page,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        filter_style_properties=STYLES,
        url_schemes={"http", "https", "mailto", "data"},
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Pictures are those in the page; an address that is data is a picture."""
    is_picture = value.startswith("data:image/")
    if name == "src":
        return value if is_picture else None
    if name == "class":
        return " ".join(filter(CLASS.fullmatch, value.split())) or None
    if name == "style":
        return None if _moves(value) else value
    return None if value.lstrip().lower().startswith("data:") else value


def _moves(style: str) -> bool:
    """Whether a style may shift something over what stands before it, or hides its meaning."""
    if "\\" in style or "/*" in style:
        return True
    margins = (part for part in style.lower().split(";") if part.strip().startswith("margin"))
    return any(re.search(r"[-(]", part.partition(":")[2]) for part in margins)


@pass_context
def harmless_markdown(context: Context, source: str) -> str:
    """nbconvert's filter `markdown2html`, and then `harmless`; missing pictures are left out."""
    try:
        page = HTMLExporter().markdown2html(context, source)
    except InvalidNotebook:
        page = HTMLExporter().markdown2html(context, source.replace("attachment:", "missing:"))
    return harmless(page)
