"""What every page that we make has to be."""

from axe_playwright_python.sync_playwright import Axe


def requests_of(page):
    """A list that grows with each request of the page; what leaves this machine is refused."""
    asked = []

    def look(route):
        asked.append(route.request.url)
        if route.request.url.startswith(("file:", "data:")):
            route.continue_()
        else:
            route.abort()

    page.route("**/*", look)
    return asked


def fits(page):
    """Whether the page needs no sideways scrolling."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def accessible(page, within=None):
    """What axe-core complains about (contrast, names, headings, text alternatives), or ""."""
    options = {"rules": {"empty-table-header": {"enabled": False}}}  # the corner of pandas' tables
    found = Axe().run(page, context=within, options=options)
    return found.generate_report() if found.violations_count else ""
