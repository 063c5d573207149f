"""The rules of sitemaps.org and Google (sitemap.xsd, siteindex.xsd, sitemap-news.xsd), as far as they matter.

Written after them, with what their prose demands beyond: lengths, and times in W3C Datetime with a zone.
"""

import re
from datetime import datetime
from functools import cache

from lxml import etree

SITEMAP, NEWS = "{http://www.sitemaps.org/schemas/sitemap/0.9}", "{http://www.google.com/schemas/sitemap-news/0.9}"

_TYPES = """
  <xsd:simpleType name="tLoc">
    <xsd:restriction base="xsd:anyURI">
      <xsd:minLength value="12"/><xsd:maxLength value="2048"/><xsd:pattern value="https?://[!-~]+"/>
    </xsd:restriction>
  </xsd:simpleType>
  <xsd:simpleType name="tLastmod">
    <xsd:restriction base="xsd:dateTime">
      <xsd:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(Z|[+-][0-9]{2}:[0-9]{2})"/>
    </xsd:restriction>
  </xsd:simpleType>
"""

_SITEMAP = f"""
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
    targetNamespace="{SITEMAP[1:-1]}" xmlns="{SITEMAP[1:-1]}" xmlns:news="{NEWS[1:-1]}">
  <xsd:import namespace="{NEWS[1:-1]}"/>
  {_TYPES}
  <xsd:element name="urlset"><xsd:complexType><xsd:sequence>
    <xsd:element name="url" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
      <xsd:element name="loc" type="tLoc"/>
      <xsd:element name="lastmod" type="tLastmod" minOccurs="0"/>
      <xsd:any namespace="##other" minOccurs="0" maxOccurs="unbounded" processContents="lax"/>
    </xsd:sequence></xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType></xsd:element>
  <xsd:element name="sitemapindex"><xsd:complexType><xsd:sequence>
    <xsd:element name="sitemap" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
      <xsd:element name="loc" type="tLoc"/>
      <xsd:element name="lastmod" type="tLastmod" minOccurs="0"/>
    </xsd:sequence></xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema>
"""

_NEWS = f"""
<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
    targetNamespace="{NEWS[1:-1]}" xmlns="{NEWS[1:-1]}">
  {_TYPES}
  <xsd:simpleType name="tText">
    <xsd:restriction base="xsd:string"><xsd:minLength value="1"/></xsd:restriction>
  </xsd:simpleType>
  <xsd:element name="news"><xsd:complexType><xsd:sequence>
    <xsd:element name="publication"><xsd:complexType><xsd:sequence>
      <xsd:element name="name" type="tText"/>
      <xsd:element name="language"><xsd:simpleType><xsd:restriction base="xsd:string">
        <xsd:pattern value="zh-cn|zh-tw|([a-z]{{2,3}})"/>
      </xsd:restriction></xsd:simpleType></xsd:element>
    </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="publication_date" type="tLastmod"/>
    <xsd:element name="title" type="tText"/>
  </xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema>
"""


@cache
def _schemas() -> tuple[etree.XMLSchema, etree.XMLSchema]:
    return etree.XMLSchema(etree.XML(_SITEMAP)), etree.XMLSchema(etree.XML(_NEWS))


def check_sitemap(body: bytes) -> etree._Element:
    """Returns the root of a valid sitemap; raises AssertionError with the reason for any other."""
    whole, news = _schemas()
    assert len(body) <= 52_428_800
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    root = etree.fromstring(body)
    whole.assertValid(root)
    assert len(root) <= 50_000
    found = root.findall(f".//{NEWS}news")
    assert len(found) <= 1000
    for element in found:
        news.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(element, with_tail=False))))
    for loc in root.iter(f"{SITEMAP}loc"):
        assert re.fullmatch(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", loc.text), loc.text
    for time in (*root.iter(f"{SITEMAP}lastmod"), *root.iter(f"{NEWS}publication_date")):
        assert datetime.fromisoformat(time.text).tzinfo is not None
    return root


def addresses(body: bytes) -> list[str]:
    """Returns the addresses in a valid sitemap or index, in order."""
    return [loc.text for loc in check_sitemap(body).iter(f"{SITEMAP}loc")]
