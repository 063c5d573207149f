"""A post as the REST API of WordPress answers it, checked as what comes from outside. Pure."""

from html import unescape
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from syndication.model.values import Author, Image
from syndication.sources.wordpress.plain import plain
from syndication.sources.wordpress.values import Post, Rendered, author_id, moment

# WordPress makes an excerpt of the body where none is written, and ends it so (wp_trim_excerpt).
_CUT = ("[&hellip;]", "[…]", "[&#8230;]")


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Text(_Model):
    rendered: str = ""
    protected: bool = False


class _Size(_Model):
    width: int | None = Field(default=None, ge=0)
    height: int | None = Field(default=None, ge=0)


class _Media(_Model):
    source_url: str
    alt_text: str = ""
    caption: _Text = _Text()
    media_details: Annotated[_Size, BeforeValidator(lambda value: value if isinstance(value, dict) else {})] = _Size()


class _User(_Model):
    name: str
    url: str = ""
    slug: str = ""


class _Term(_Model):
    taxonomy: str
    name: str


def _readable(model: type[_Model]) -> BeforeValidator:
    """Leaves out what is no such object: WordPress embeds an error in the place of what the public may not see."""

    def choose(value: Any) -> list[Any]:
        items = value if isinstance(value, list) else []
        return [
            item
            for item in items
            if isinstance(item, dict) and model.model_fields.keys() & item.keys() and "code" not in item
        ]

    return BeforeValidator(choose)


def _flat(value: Any) -> list[Any]:
    lists = value if isinstance(value, list) else []
    return [
        term
        for terms in lists
        if isinstance(terms, list)
        for term in terms
        if isinstance(term, dict) and "name" in term
    ]


class _Embedded(_Model):
    author: Annotated[list[_User], _readable(_User)] = Field(default_factory=list)
    media: Annotated[list[_Media], _readable(_Media)] = Field(default_factory=list, alias="wp:featuredmedia")
    terms: Annotated[list[_Term], BeforeValidator(_flat)] = Field(default_factory=list, alias="wp:term")


class RestPost(_Model):
    """One post of ``/wp/v2/posts`` with what is embedded in it. What is asked for by nobody here is ignored."""

    id: int
    link: str
    slug: str = ""
    status: str = "publish"
    date: str | None = None
    date_gmt: str | None = None
    modified_gmt: str | None = None
    guid: _Text = _Text()
    title: _Text = _Text()
    content: _Text = _Text()
    excerpt: _Text = _Text()
    categories: list[int] = Field(default_factory=list)
    embedded: Annotated[_Embedded, BeforeValidator(lambda value: value if isinstance(value, dict) else {})] = Field(
        default_factory=_Embedded, alias="_embedded"
    )

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it: published, and without a password."""
        return self.status == "publish" and not self.content.protected and not self.excerpt.protected

    @property
    def lacks_guid(self) -> bool:
        """Whether WordPress says that its guid is empty; a plugin may keep all guids from the public."""
        return "guid" in self.model_fields_set and not self.guid.rendered

    def rendered(self) -> Rendered:
        """Returns the post with all that the API alone knows of it. It knows no enclosures."""
        return Rendered(self._post(), self.link, self.content.rendered, self._image())

    def _post(self) -> Post:
        tags = [unescape(term.name) for term in self.embedded.terms if term.taxonomy == "post_tag"]
        return Post(
            id=self.id,
            title=self.title.rendered,
            excerpt=self._written_excerpt(),
            slug=self.slug,
            guid=unescape(self.guid.rendered),
            published_at=moment(self.date_gmt),
            modified_at=moment(self.modified_gmt),
            authors=tuple(
                Author(plain(user.name), uri=user.url or None, id=author_id(user.slug))
                for user in self.embedded.author
                if plain(user.name)
            ),
            categories=tuple(self.categories),
            tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        )

    def _written_excerpt(self) -> str:
        text = self.excerpt.rendered.strip()
        if text.removesuffix("</p>").rstrip().endswith(_CUT) or plain(text) == plain(self.content.rendered):
            return ""
        return text

    def _image(self) -> Image | None:
        if not self.embedded.media:
            return None
        media = self.embedded.media[0]
        return Image(
            url=media.source_url,
            caption=plain(media.caption.rendered) or None,
            alt=plain(media.alt_text) or None,
            width=media.media_details.width or None,
            height=media.media_details.height or None,
        )
