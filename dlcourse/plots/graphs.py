"""Computational graphs, and the gradient that walks back through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import BoxStyle, Circle, FancyBboxPatch, Patch, Rectangle

from dlcourse.plots import style
from dlcourse.plots.diagrams import Point
from dlcourse.plots.layout import layout


@dataclass(frozen=True)
class Node:
    """A node of a computational graph.

    Args:
        text: What stands in it.
        inputs: Names of the nodes that it is computed from; none for an input or a parameter.
        is_parameter: Whether the value is learned.
    """

    text: str
    inputs: tuple[str, ...] = ()
    is_parameter: bool = False

    @property
    def kind(self) -> str:
        if self.inputs:
            return "operation"
        return "parameter" if self.is_parameter else "input"


Graph = Mapping[str, Node]
_MATH_SIGNS = str.maketrans("", "", "$\\{}")

NEURON: Graph = {
    "x": Node("$x$"),
    "w": Node("$w$", is_parameter=True),
    "dot": Node(r"$w\cdot x$", ("w", "x")),
    "b": Node("$b$", is_parameter=True),
    "o": Node("$+$", ("dot", "b")),
    "a": Node(r"$\sigma$", ("o",)),
}

TWO_LAYERS: Graph = {
    "x": Node("$x$"),
    "W1": Node("$W_1$", is_parameter=True),
    "u1": Node("$u_1$\n$W_1^T x$", ("W1", "x")),
    "u2": Node("$u_2$\n$\\sigma(u_1)$", ("u1",)),
    "W2": Node("$W_2$", is_parameter=True),
    "u3": Node("$u_3$\n$W_2^T u_2$", ("u2", "W2")),
    "u7": Node("$u_7$\n$\\sigma(u_3)$", ("u3",)),
    "y": Node("$y$"),
    "u8": Node("$u_8$\nCE$(y, u_7)$", ("u7", "y")),
    "u5": Node("$u_5$\n$||W_1||^2$", ("W1",)),
    "u6": Node("$u_6$\n$||W_2||^2$", ("W2",)),
    "u4": Node("$u_4$\n$\\lambda(u_5{+}u_6)$", ("u5", "u6")),
    "loss": Node("$\\ell$\n$u_8 + u_4$", ("u8", "u4")),
}


def computational_graph(
    graph: Graph | None = None, backward_to: str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw a computational graph from left to right, without Graphviz.

    Inputs are circles, parameters squares, operations rounded boxes.

    Args:
        graph: Nodes by name, inputs before what is computed from them. Defaults to one neuron,
            `graphs.NEURON`; `graphs.TWO_LAYERS` is a network with a penalty, u1 to u8.
        backward_to: Name of a node; all paths by which the gradient of the last node reaches it
            are drawn dashed and backward. Defaults to None, forward only.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: `backward_to` is not in the graph.

    Example:
        >>> from dlcourse import plots
        >>> from dlcourse.plots.graphs import TWO_LAYERS
        >>> ax = plots.computational_graph(TWO_LAYERS, backward_to="W1")
    """
    graph = NEURON if graph is None else graph
    if backward_to is not None and backward_to not in graph:
        raise ValueError(
            f"Invalid value for `backward_to`: expected one of {', '.join(graph)}. "
            f"Received: backward_to={backward_to!r}"
        )
    places, routes = layout({name: item.inputs for name, item in graph.items()})
    marked = set() if backward_to is None else edges_to(graph, backward_to)
    xs, ys = zip(*places.values(), strict=True)
    limits = (-0.7, max(xs) + 0.7), (min(ys) - 0.55, max(ys) + 0.55)
    width = min(6.6, 0.9 * (limits[0][1] - limits[0][0]))
    with style.sheet(ax, *limits, width) as ax:
        shapes = {name: _shape(ax, places[name], item) for name, item in graph.items()}
        for (source, target), route in routes.items():
            _draw_edge(ax, route, shapes[source], shapes[target])
            if (source, target) in marked:
                back = [(x, y - 0.13) for x, y in reversed(route)]
                _draw_edge(ax, back, shapes[target], shapes[source], is_gradient=True)
        style.describe(ax, _in_words(graph, backward_to, marked))
    return ax


def value_graph(value: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the graph of a value that remembers how it was computed.

    Args:
        value: Object with the attributes `data` and `grad` (numbers), `_prev` (the values that it
            was computed from) and `_op` (the name of the operation), and perhaps `label`.
        ax: Axes to draw on. Defaults to a new figure.

    Returns:
        The Axes. Every node shows its operation, its data and its gradient.

    Example:
        >>> from types import SimpleNamespace as Value
        >>> from dlcourse import plots
        >>> a = Value(data=2.0, grad=3.0, _prev=(), _op="", label="a")
        >>> b = Value(data=3.0, grad=2.0, _prev=(), _op="", label="b")
        >>> ax = plots.value_graph(Value(data=6.0, grad=1.0, _prev=(a, b), _op="*"))
    """
    if value is None:
        with style.sheet(ax, (0, 3), (0, 1)) as ax:
            raise style.NothingToDraw("Nothing to draw yet: the value is None.")
        return ax
    graph: dict[str, Node] = {}
    names: dict[int, str] = {}

    def collect(item: Any) -> str:
        if id(item) not in names:
            inputs = tuple(collect(source) for source in item._prev)
            name = names[id(item)] = f"v{len(names) + 1}"
            title = " ".join(filter(None, [getattr(item, "label", ""), item._op])) or name
            graph[name] = Node(f"{title}\n{item.data:.3g}\ngrad {item.grad:.3g}", inputs)
        return names[id(item)]

    collect(value)
    return computational_graph(graph, ax=ax)


def edges_to(graph: Graph, target: str) -> set[tuple[str, str]]:
    """The edges on all paths from `target` to what is computed from it."""
    reached, edges = {target}, set()
    for name, item in graph.items():
        for source in item.inputs:
            if source in reached:
                reached.add(name)
                edges.add((source, name))
    return edges


def _shape(ax: Axes, center: Point, item: Node) -> Patch:
    """Draw a node; arrows end at the border of the patch that is returned."""
    x, y = center
    look: dict[str, Any] = {"edgecolor": style.BLACK, "lw": 1.2, "zorder": 3}
    patch: Patch
    if item.kind == "input" and "\n" not in item.text:
        patch = Circle(center, 0.32, facecolor="white", **look)
    elif item.kind == "operation":
        look["boxstyle"] = BoxStyle("round", pad=0, rounding_size=0.2)
        look["facecolor"] = style.tint(style.SKY)
        patch = FancyBboxPatch((x - 0.55, y - 0.4), 1.1, 0.8, **look)
    else:
        patch = Rectangle((x - 0.4, y - 0.4), 0.8, 0.8, facecolor="white", **look)
    if item.is_parameter:
        patch.set_facecolor(style.tint(style.VERMILION))
    ax.add_patch(patch)
    ax.text(x, y, item.text, ha="center", va="center", fontsize=9, zorder=4, linespacing=1.3)
    return patch


def _draw_edge(
    ax: Axes, route: list[Point], start: Patch, end: Patch, is_gradient: bool = False
) -> None:
    color, line = (style.VERMILION, "--") if is_gradient else (style.BLACK, "-")
    for k, (here, there) in enumerate(pairwise(route)):
        is_last = k == len(route) - 2
        props = {
            "arrowstyle": "-|>" if is_last else "-",
            "color": color,
            "linestyle": line,
            "lw": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
            "patchA": start if k == 0 else None,
            "patchB": end if is_last else None,
        }
        ax.annotate("", xy=there, xytext=here, arrowprops=props)


def _in_words(graph: Graph, backward_to: str | None, marked: set[tuple[str, str]]) -> str:
    def say(name: str) -> str:
        text = graph[name].text.replace("\n", " ").replace(r"\cdot", " · ")
        return f"{name} ({text.translate(_MATH_SIGNS)})"

    ends = ", ".join(say(name) for name, item in graph.items() if not item.inputs)
    steps = "; ".join(
        f"{say(name)} from {' and '.join(item.inputs)}"
        for name, item in graph.items()
        if item.inputs
    )
    text = f"Computational graph. It starts with {ends}. It computes {steps}."
    if backward_to is None:
        return text
    order = list(graph)
    way = sorted(marked, key=lambda edge: (-order.index(edge[1]), -order.index(edge[0])))
    path = ", ".join(f"{target} to {source}" for source, target in way)
    return f"{text} The gradient of {backward_to} flows back from {path}."
