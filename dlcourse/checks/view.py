"""What a student sees of a verdict: HTML, and a plain-text twin with the same information."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup, escape

from dlcourse.checks.compare import describe
from dlcourse.checks.judge import FAILED, NOT_ATTEMPTED, PASSED, CaseVerdict, Verdict
from dlcourse.checks.spec import LabChecks

MARKS = {PASSED: "✓", FAILED: "✗", NOT_ATTEMPTED: "○"}
COLORS = {PASSED: "#009e73", FAILED: "#d55e00", NOT_ATTEMPTED: "#8c8c8c"}  # Okabe and Ito

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("dlcourse.checks"), autoescape=True, trim_blocks=True
)
_short = reprlib.Repr()
_short.maxlist = _short.maxdict = 8
_short.maxstring = _short.maxother = 200


def number(points: float) -> str:
    """Points without needless zeros: 2, 0.5."""
    return f"{points:g}"


def _points(verdict: Verdict) -> str:
    return f"{number(verdict.points)} of {number(verdict.max_points)} points"


# `code`, or *words* that are neither a product nor a keyword argument
_INLINE = re.compile(r"`(?P<code>[^`]+)`|(?<![\w*])\*(?P<em>\w(?:[^*`\n]*\w)?)\*(?![\w*])")


def inline_markup(text: str) -> Markup:
    """Escape text, and set `code` and *emphasis* as Markdown does."""

    def element(match: re.Match[str]) -> str:
        tag = match.lastgroup or ""
        return f"<{tag}>{match[tag]}</{tag}>"

    return Markup(_INLINE.sub(element, str(escape(text))))


def _code(text: str) -> Markup:
    return Markup('<code style="overflow-wrap:anywhere">{}</code>').format(text)


def returned(verdict: CaseVerdict) -> str:
    """What came back, short enough for a line or two; "" if nothing did."""
    value = verdict.outcome.value
    if verdict.outcome.raised:
        return ""
    if isinstance(value, np.ndarray):
        if value.size > 12:
            head = ", ".join(f"{v:.6g}" for v in value.ravel()[:6].tolist())
            return f"{describe(value)}, beginning with {head}"
        return np.array2string(value, precision=6, separator=", ").replace("\n", "")
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, (bool, int, str, list, dict)) or value is None:
        return _short.repr(_listed(value))
    return describe(value)


def _listed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [_listed(v) for v in value]
    return value


def _facts(verdict: Verdict) -> dict[str, str]:
    """Call, result and problem of a failure, as far as a student may see them."""
    if verdict.case is None:
        return {"call": "", "returned": "", "problem": verdict.problem}
    if verdict.case.case.hidden:
        problem = f"in a hidden case, with other inputs, {verdict.problem}"
        return {"call": "", "returned": "", "problem": problem}
    call = verdict.case.case.call
    return {"call": call, "returned": returned(verdict.case), "problem": verdict.problem}


def verdict_bundle(verdict: Verdict, show_points: bool) -> dict[str, Any]:
    """Return the MIME bundle of a verdict: HTML, text, and a record for machines."""
    facts = _facts(verdict)
    details = verdict.status == FAILED
    html = _templates.get_template("verdict.html.j2").render(
        verdict=verdict,
        color=COLORS[verdict.status],
        mark=MARKS[verdict.status],
        points=_points(verdict) if show_points or verdict.status == PASSED else "",
        details=details,
        call=facts["call"],
        returned=facts["returned"],
        problem=inline_markup(_sentence(facts["problem"])),
        hint=inline_markup(verdict.hint),
        notes=[inline_markup(note) for note in verdict.notes],
        code=_code,
    )
    return {
        "text/html": html,
        "text/plain": verdict_text(verdict, facts, show_points),
        RECORD_TYPE: verdict.to_json(),
    }


RECORD_TYPE = "application/vnd.dlcourse.verdict+json"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text and not text.startswith("`") else text


def verdict_text(verdict: Verdict, facts: dict[str, str], show_points: bool) -> str:
    points = f" ({_points(verdict)})" if show_points or verdict.status == PASSED else ""
    head = f"{MARKS[verdict.status]} {verdict.name}: {verdict.status}{points}"
    problem = _sentence(facts["problem"]).replace("`", "")
    if verdict.status != FAILED:
        return f"{head}. {problem}" if problem else head
    lines = [head]
    if facts["call"]:
        lines.append(f"  Tried:   {facts['call']}")
    if facts["returned"]:
        lines.append(f"  Got:     {facts['returned']}")
    lines.append(f"  Problem: {problem}")
    if verdict.hint:
        label = "Likely cause" if verdict.misconception else "Why"
        lines.append(f"  {label}: {verdict.hint}")
    lines += [f"  Note:    {note}" for note in verdict.notes]
    return "\n".join(lines)


def hint_bundle(name: str, hints: list[str], total: int) -> dict[str, Any]:
    """Return the MIME bundle of the opened hints of an exercise."""
    left = total - len(hints)
    remark = f'for the next one: check.hint("{name}")' if left else "that was the last hint"
    if not total:
        remark = f"{name} has no hints"
    html = _templates.get_template("hint.html.j2").render(
        name=name, hints=[inline_markup(h) for h in hints], total=total, remark=remark
    )
    lines = [f"Hint {i} of {total}: {hint}" for i, hint in enumerate(hints, 1)]
    return {"text/html": html, "text/plain": "\n".join([*lines, f"({remark})"])}


def progress_bundle(lab: LabChecks, verdicts: Iterable[Verdict | None]) -> dict[str, Any]:
    """Return the MIME bundle of the table of all exercises; None: a person grades it."""
    rows = []
    earned = total = 0.0
    for (name, checks), verdict in zip(lab.exercises.items(), verdicts, strict=True):
        points = verdict.points if verdict else 0.0
        total += checks.points
        earned += points
        rows.append(
            {
                "name": name,
                "mark": MARKS[verdict.status] if verdict else "·",
                "color": COLORS[verdict.status] if verdict else "inherit",
                "state": verdict.status if verdict else "graded by your teacher",
                "points": f"{number(points)} of {number(checks.points)}",
            }
        )
    done = sum(row["state"] == PASSED for row in rows)
    summary = (
        f"{done} of {len(rows)} exercises passed, "
        f"{number(earned)} of {number(total)} points by the visible cases"
    )
    html = _templates.get_template("progress.html.j2").render(
        lab=lab.lab, summary=summary, rows=rows, percent=round(100 * earned / total)
    )
    width = max(len(row["name"]) for row in rows)
    lines = [f"{lab.lab}: {summary}"]
    lines += [f"  {r['mark']} {r['name']:<{width}}  {r['state']}  {r['points']}" for r in rows]
    return {"text/html": html, "text/plain": "\n".join(lines)}
