"""Hidden cases for `check` in a kernel that nbgrader started.

`nbgrader_config.py` loads this module as an IPython extension and names the folder of the
solutions in the environment. A student's kernel has neither.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcourse.authoring.bank import Bank
from dlcourse.authoring.exercise import Exercise
from dlcourse.checks import check
from dlcourse.checks.judge import FAILED, Verdict, judge_code
from dlcourse.checks.spec import CodeChecks

SOLUTIONS = "DLCOURSE_SOLUTIONS"


class HiddenCases:
    """Judges answers by the visible and the hidden cases of a lab.

    Args:
        solutions: the folder with the banks of all labs.
        entropy: seeds the random inputs of hidden cases. Defaults to a fresh draw.
    """

    def __init__(self, solutions: Path, entropy: int | None = None) -> None:
        self.solutions = solutions
        self.entropy = secrets.randbits(32) if entropy is None else entropy
        self._banks: dict[str, Bank] = {}

    def judge(self, lab: str, visible: CodeChecks, namespace: MutableMapping[str, Any]) -> Verdict:
        """Judge an answer; other exercises that it uses are replaced if they are wrong."""
        bank = self._bank(lab)
        verdict = self._judge(bank, visible, namespace)
        if verdict.status == FAILED and visible.uses:
            with _references_in(namespace, bank, visible.uses):
                second = self._judge(bank, visible, namespace)
            verdict = second if second.points >= verdict.points else verdict
        return verdict

    def _bank(self, lab: str) -> Bank:
        if lab not in self._banks:
            self._banks[lab] = Bank.load(self.solutions / lab)
        return self._banks[lab]

    def _judge(
        self, bank: Bank, visible: CodeChecks, namespace: MutableMapping[str, Any]
    ) -> Verdict:
        hidden = bank.hidden_checks(visible.name, self.entropy, mistakes=False)
        verdict = judge_code(_together(visible, hidden), namespace, bank.drivers)
        if verdict.status != FAILED or verdict.misconception:
            return verdict
        # nothing visible names the mistake: look at what the misconceptions give in hidden cases
        hidden = bank.hidden_checks(visible.name, self.entropy)
        return judge_code(_together(visible, hidden), namespace, bank.drivers)


def _together(visible: CodeChecks, hidden: CodeChecks) -> CodeChecks:
    return replace(visible, cases=(*visible.cases, *hidden.cases))


@contextmanager
def _references_in(
    namespace: MutableMapping[str, Any], bank: Bank, names: tuple[str, ...]
) -> Iterator[None]:
    """Bind `names` to the bank's references within the block."""
    own = {name: namespace[name] for name in names if name in namespace}
    try:
        for name in names:
            item = bank.items[name]
            assert isinstance(item, Exercise)
            namespace[name] = item.reference
        yield
    finally:
        for name in names:
            del namespace[name]
        namespace.update(own)


def load_ipython_extension(shell: Any) -> None:
    """Give `check` the hidden cases; called by IPython."""
    check.hidden = HiddenCases(Path(os.environ[SOLUTIONS]))
