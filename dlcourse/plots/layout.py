"""Places for the nodes of a graph without cycles: columns, then an order with few crossings.

The method of Sugiyama, Tagawa and Toda (1981): an edge that skips columns gets a point in each of
them, points of a column are ordered by the mean of their neighbors, and then moved towards them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[str, str]

COLUMN, ROW, LANE = 1.55, 1.0, 0.55  # width of a column, room of a node, of a passing edge


def layout(
    inputs: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Point], dict[Edge, list[Point]]]:
    """Place the nodes of a graph from left to right.

    Args:
        inputs: For each node the nodes that lead to it; these come before it.

    Returns:
        The place of each node, and for each edge the points that it passes, both ends included.

    Example:
        >>> places, routes = layout({"a": [], "b": [], "c": ["a", "b"]})
        >>> places["c"][0] > places["a"][0] == places["b"][0]
        True
    """
    column = _columns(inputs)
    chains: dict[Edge, list[Hashable]] = {}
    for target, sources in inputs.items():
        for source in sources:
            between = [(source, target, k) for k in range(column[source] + 1, column[target])]
            chains[source, target] = [source, *between, target]
    where: dict[Hashable, int] = {name: column[name] for name in inputs}
    links: dict[Hashable, set[Hashable]] = {name: set() for name in inputs}
    for chain in chains.values():
        for left, right in pairwise(chain):
            links.setdefault(left, set()).add(right)
            links.setdefault(right, set()).add(left)
            where.setdefault(right, where[left] + 1)
    height = _heights(where, links)
    point = {item: (COLUMN * where[item], height[item]) for item in where}
    return (
        {name: point[name] for name in inputs},
        {edge: [point[item] for item in chain] for edge, chain in chains.items()},
    )


def _columns(inputs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """One column right of the last input; what has no inputs stands just left of its first use."""
    column: dict[str, int] = {}
    for name, sources in inputs.items():
        column[name] = max((column[source] + 1 for source in sources), default=0)
    for name, sources in inputs.items():
        users = [column[user] for user in inputs if name in inputs[user]]
        if users and not sources:
            column[name] = min(users) - 1
    return column


def _heights(
    where: Mapping[Hashable, int], links: Mapping[Hashable, set[Hashable]]
) -> dict[Hashable, float]:
    columns: list[list[Hashable]] = [[] for _ in range(max(where.values()) + 1)]
    for item, k in where.items():
        columns[k].append(item)
    height: dict[Hashable, float] = {}
    for members in columns:
        height.update(_stack(members, [0.0] * len(members)))
    for sweep in range(24):
        for members in columns if sweep % 2 == 0 else reversed(columns):
            wishes = {
                item: sum(height[other] for other in links[item]) / max(len(links[item]), 1)
                for item in members
            }
            if sweep < 12:  # first find the order, then keep it
                members.sort(key=lambda item: -wishes[item])
            height.update(_stack(members, [wishes[item] for item in members]))
    return height


def _stack(members: Sequence[Hashable], wishes: Sequence[float]) -> dict[Hashable, float]:
    """Heights in the given order, from the top, with room for each, as wished on average."""
    heights: list[float] = []
    for k, (item, wish) in enumerate(zip(members, wishes, strict=True)):
        room = float("inf") if k == 0 else heights[-1] - (_room(members[k - 1]) + _room(item)) / 2
        heights.append(min(wish, room))
    shift = (sum(wishes) - sum(heights)) / len(heights) if heights else 0.0
    return {item: height + shift for item, height in zip(members, heights, strict=True)}


def _room(item: Hashable) -> float:
    return ROW if isinstance(item, str) else LANE
