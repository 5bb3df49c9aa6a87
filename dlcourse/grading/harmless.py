"""HTML that strangers wrote, for pages that others open: no script, nothing from elsewhere."""

from __future__ import annotations

import nh3
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter

ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"class", "id", "style", "title", "role", "aria-label", "aria-hidden"},
}
STYLES = {
    "border", "border-bottom", "border-collapse", "border-left", "border-right", "border-top",
    "background-color", "color", "display", "font-family", "font-size", "font-style", "font-weight",
    "height", "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
    "max-width", "opacity", "padding", "text-align", "text-decoration", "vertical-align",
    "white-space", "width",
}  # fmt: skip


def harmless(html: str) -> str:
    """Return HTML without what runs, sends, loads, or covers other parts of a page."""
    return nh3.clean(
        html,
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
    return None if value.lstrip().lower().startswith("data:") else value


@pass_context
def harmless_markdown(context: Context, source: str) -> str:
    """nbconvert's filter `markdown2html`, and then `harmless`."""
    return harmless(HTMLExporter().markdown2html(context, source))
