"""What a person does with a notebook in JupyterLab, as few verbs."""

import json
import re

from playwright.sync_api import expect


class Notebook:
    """The notebook in front.

    Args:
        page: of the browser.
        path: of the file on disk.
    """

    def __init__(self, page, path):
        self.page, self.path = page, path
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text("| Idle").wait_for()  # of the status bar: there is a kernel

    def menu(self, menu, item):
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def wait_until_idle(self):
        """Wait until every cell that was asked for has run."""
        waiting = self.page.locator(".jp-InputPrompt", has_text="[*]")
        self.page.wait_for_timeout(100)
        expect(waiting).to_have_count(0, timeout=60_000)

    def run_all(self):
        self.menu("Run", "Run All Cells")
        self.wait_until_idle()

    def cell(self, text):
        """The code cell that contains a text."""
        cells = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")
        return cells.filter(has=self.page.locator(".cm-content", has_text=text)).first

    def write(self, text, code):
        """Replace the code of the cell that contains a text, and run it."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        self.wait_until_idle()

    def answer(self, text, words):
        """Replace the text of a rendered Markdown cell."""
        cell = self.page.locator(".jp-MarkdownCell", has_text=text).last
        cell.dblclick()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(words)
        self.page.keyboard.press("Shift+Enter")

    def run(self, text):
        """Run the cell that contains a text, and return it."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        prompt = cell.locator(".jp-InputPrompt").inner_text()
        self.page.keyboard.press("Shift+Enter")
        asked = re.compile(rf"^({re.escape(prompt)}|\[\*\]:)$")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text(asked, timeout=60_000)
        return cell

    def run_below(self, text, code):
        """Insert a cell below the one that contains a text, run it there, and return it."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        self.wait_until_idle()
        return self.cell(code)

    def save(self):
        """Save; return the file's content."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        self.page.locator(
            ".jp-NotebookPanel.jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty"
        ).first.wait_for(state="detached")
        assert self.path.stat().st_mtime_ns > before
        return json.loads(self.path.read_text(encoding="utf-8"))
