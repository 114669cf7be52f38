"""Plots of a report, as SVG that stands in a page: drawn by pygal, coloured by the pages' own style sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

from markupsafe import Markup

WIDTH, HEIGHT = 640, 300
SVG: Final = "http://www.w3.org/2000/svg"
_DRAWN: Final = ("rect", "path", "circle", "text", "g")
"""Styles and scripts within a page are forbidden here; titles would be read out one by one."""


@dataclass(frozen=True, slots=True)
class Plotted:
    """What one plot shows: also the table beside it, which says the same in words and numbers."""

    name: str
    """Of the sentence above it."""
    labels: Sequence[str]
    """Along its foot."""
    series: Sequence[tuple[str, Sequence[float | None], Sequence[str]]]
    """What each is called, its values (None: hidden, or there are none), and how they are written."""
    share: bool = True
    """Whether values are parts of 1."""

    @property
    def shows(self) -> bool:
        """Whether there is anything to be drawn."""
        return any(value is not None for _, values, _ in self.series for value in values)


def draw(plotted: Plotted, spoken: str) -> Markup:
    """Draw bars, one colour a series.

    Args:
        spoken: What is read out instead of it; the table beside it says the rest.
    """
    # Half as long to import as the whole report to count: only whoever looks at one pays for it.
    import pygal

    write: Callable[[float], str] = _percent if plotted.share else _count
    chart: Any = pygal.Bar(
        width=WIDTH,
        height=HEIGHT,
        no_prefix=True,
        js=(),
        css=(),
        disable_xml_declaration=True,
        show_legend=False,
        print_values=True,
        print_zeroes=True,
        margin=16,
        range=(0, 1) if plotted.share else None,
        include_x_axis=True,
        y_labels_major_count=3,
        show_minor_y_labels=False,
        value_formatter=write,
    )
    chart.x_labels = list(plotted.labels)
    for name, values, _ in plotted.series:
        chart.add(name, list(values))
    root = chart.render_tree()
    _strip(root)
    root.attrib.pop("id", None)
    root.set("xmlns", SVG)
    root.set("role", "img")
    root.set("aria-label", spoken)
    # Nothing but tags and attributes that are named above, and labels that were escaped as they were written.
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704


def _strip(node: Any) -> None:
    """Leave nothing in a drawing that is not drawn, and no style but by class."""
    for child in list(node):
        tag = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        if tag not in _DRAWN or child.get("class") == "tooltip":
            node.remove(child)
        else:
            child.attrib.pop("style", None)
            _strip(child)


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _count(value: float) -> str:
    return f"{value:,.0f}"
