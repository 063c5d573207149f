"""Plots."""

from flask import Response

from syndication.editors.dashboard.pages import Pages, page

pages = Pages("plots")


@pages.get("/plots", "read")
def show_plots() -> Response:
    """Plots."""
    return page("plots.html")
