"""Parses an XML file under limits, strictly, after repairs."""

import re

from lxml import etree

from syndication.errors import ArticleError
from syndication.importing.encoding import to_utf8
from syndication.importing.markup import repair
from syndication.importing.xml_limits import check_markup

_POSITION = re.compile(r", line \d+, column \d+.*$")


def parse_xml(content: bytes) -> etree._Element:
    """Returns the root element; raises ArticleError, with the line, if the file is not well-formed."""
    content = repair(to_utf8(content))
    check_markup(content)
    if not content.strip():
        raise ArticleError("empty")
    try:
        return etree.fromstring(content, _parser())
    except etree.XMLSyntaxError as error:
        root = _with_wrong_namespaces(content)
        if root is None:
            words = _POSITION.sub("", error.msg or "cannot be read")
            raise ArticleError(f"not well-formed XML: line {error.lineno}: {words}") from error
        return root


def _parser(*, recover: bool = False) -> etree.XMLParser:
    # The DOCTYPE is gone, and depth and tags are limited: huge_tree lifts libxml2's limit on the length of a text.
    return etree.XMLParser(recover=recover, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def _with_wrong_namespaces(content: bytes) -> etree._Element | None:
    """Returns the root if only namespaces are wrong, such as a prefix that is declared nowhere; otherwise None."""
    parser = _parser(recover=True)
    root = etree.fromstring(content, parser)
    fatal = parser.error_log.filter_from_fatals()
    return None if len(fatal) else root
