"""Builds the table of old feed addresses from the configuration, and refuses one that could not work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from syndication.config.named_tables import suggestion
from syndication.config.old_feed_schema import OldSiteTable, as_sent, reserved
from syndication.config.old_site_presets import PRESETS, Archive, Template
from syndication.config.schema import Sections
from syndication.errors import ConfigError
from syndication.model.old_feeds import OldFeed, OldFeeds, address_key
from syndication.model.values import ALL, Site


@dataclass(frozen=True, slots=True)
class KnownSections:
    """The slugs that a table may name: present ones, ``formerly`` (former slug to present one) and retired ones."""

    slugs: tuple[str, ...]
    formerly: Mapping[str, str]
    retired: frozenset[str]

    def by_slug(self) -> dict[str, str]:
        """Returns each slug under which the old site may know a section, with the section's slug."""
        present = {slug: slug for slug in (*self.slugs, *sorted(self.retired)) if slug != ALL}
        return present | dict(self.formerly)

    def resolve(self, slug: str, where: str) -> str:
        """Returns the present slug; raises ConfigError for an unknown one."""
        if slug in self.slugs or slug in self.retired:
            return slug
        if slug in self.formerly:
            return self.formerly[slug]
        near = suggestion(slug, self.slugs)
        raise ConfigError(f"{where} names the section {slug!r}, which does not exist{near}")


def read_old_feeds(tables: Sections, site: Site, path: Path) -> OldFeeds:
    """Returns the table; an address of [[old_feed]] goes before those of [[old_site]]."""
    known = KnownSections(
        (ALL, *(table.slug for table in tables.section)),
        {former: table.slug for table in tables.section for former in table.formerly},
        frozenset(table.slug for table in tables.retired),
    )
    own = [
        OldFeed(
            table.address,
            known.resolve(table.section, f"{path.name}: the old address {table.address}"),
            table.format,
            table.redirect,
        )
        for table in tables.old_feed
    ]
    parameters = {name for table in tables.old_site for name in PRESETS[table.system].parameters}
    of_sites = [old for table in tables.old_site for old in _of_site(table, known, path)]
    nested = {base for table in tables.old_site for base in _nested(table)}
    built = OldFeeds.of([*own, *of_sites], parameters, nested)
    _check_unique(own, built, path)
    _check_unique(of_sites, OldFeeds.of(of_sites, built.parameters), path)
    _check_redirects(built, site, path)
    return built


def _of_site(table: OldSiteTable, known: KnownSections, path: Path) -> Iterator[OldFeed]:
    """Yields the addresses of an earlier site; the feed of the whole site is the feed of all stories."""
    preset, where = PRESETS[table.system], f"{path.name}: [[old_site]] {table.system}"
    _check_archives(table, where)
    for template in preset.home:
        yield OldFeed(table.path + template.address, ALL, template.format, table.redirect, template.usual)
    for name, archive in preset.archives.items():
        written: Mapping[str, str] = getattr(table, name)
        names = {**known.by_slug(), **written} if archive.by_slug else written
        for label, slug in names.items():
            section = known.resolve(slug, f"{where}: {name}.{label}") if label in written else slug
            yield from _of_name(table, archive, _base(table, name, archive), label, section, where)


def _of_name(
    table: OldSiteTable, archive: Archive, base: str, label: str, section: str, where: str
) -> Iterator[OldFeed]:
    # A system that writes a number in another address than a name writes it only there.
    by_id = label.isdigit() and any(template.only_ids for template in archive.templates)
    for template in archive.templates:
        if template.only_ids and not by_id:
            continue
        address = as_sent(table.path + _fill(template, base, label))
        if first := reserved(address):
            raise ConfigError(
                f"{where}: the address {address} begins with /{first}, which the service itself answers:"
                f" leave {label!r} out, or set path"
            )
        usual = template.usual and template.only_ids == by_id
        yield OldFeed(address, section, template.format, table.redirect, usual)


def _fill(template: Template, base: str, label: str) -> str:
    path, question_mark, query = template.address.partition("?")
    # One pass each, because a name may contain what looks like a placeholder.
    path = path.replace("{base}", base).replace("{name}", quote(label.strip("/"), safe="/%"))
    return path + question_mark + query.replace("{name}", quote(label, safe="%"))


def _base(table: OldSiteTable, name: str, archive: Archive) -> str:
    base = table.bases.get(name, archive.base).strip("/")
    return f"/{base}" if base else ""


def _nested(table: OldSiteTable) -> Iterator[str]:
    """Yields the paths below which a name may have parents, as keys have them.

    Without a base, a tag's address would look like a category's with a parent.
    """
    for name, archive in PRESETS[table.system].archives.items():
        if archive.nested and (base := _base(table, name, archive)):
            yield address_key(as_sent(table.path + base), frozenset())[0]


def _check_archives(table: OldSiteTable, where: str) -> None:
    archives = PRESETS[table.system].archives
    named = [name for name in ("categories", "tags", "authors", "terms", "sections") if getattr(table, name)]
    for name in (*named, *table.bases):
        if name not in archives:
            raise ConfigError(f"{where} has no {name}: choose from {', '.join(archives)}")


def _check_unique(feeds: list[OldFeed], built: OldFeeds, path: Path) -> None:
    """Raises ConfigError if an address leads to two feeds."""
    for old in feeds:
        first = built.feeds[address_key(old.address, built.parameters)]
        if (first.section, first.format) != (old.section, old.format):
            raise ConfigError(
                f"{path.name}: the old address {old.address} leads to {old.path} and {first.path}: remove one of them"
            )


def _check_redirects(built: OldFeeds, site: Site, path: Path) -> None:
    """Raises ConfigError if a redirect leads to an old address: a loop, or a chain of redirects."""
    base = urlsplit(site.base_url).path
    for old in built.feeds.values():
        target = built.find(base + old.path, "") if old.redirect else None
        if target is not None:
            what = "itself" if target == old else f"the old address {target.address}"
            raise ConfigError(
                f"{path.name}: the old address {old.address} redirects to {site.base_url}{old.path}, which is {what}:"
                " set redirect = false, or remove one of them"
            )
