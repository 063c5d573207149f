"""Lines of CSV files (RFC 4180) for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator

from flask import Response, stream_with_context

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it, Excel takes UTF-8 for the machine's encoding."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def csv_line(values: Iterable[object]) -> str:
    """Returns one line; None is an empty field."""
    out = io.StringIO()
    texts = ("" if value is None else str(value) for value in values)
    # An apostrophe shows a spreadsheet that the text is no formula (OWASP, CSV injection).
    csv.writer(out).writerow(f"'{text}" if text.startswith(FORMULA) else text for text in texts)
    return out.getvalue()


def csv_file(lines: Iterator[str], name: str) -> Response:
    """Returns the lines as a file to download, sent as they are read."""
    response = Response(stream_with_context(lines), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
