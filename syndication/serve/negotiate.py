"""Content negotiation: the encoding that a client gets (RFC 9110 section 12.5.3)."""

from collections.abc import Collection

from syndication.model.values import ENCODINGS

MAX_LENGTH = 512
"""The longest Accept-Encoding that is read, in characters: browsers send about 30."""


def negotiate(accept_encoding: str | None, available: Collection[str] = ENCODINGS) -> str | None:
    """Returns the best of the available encodings for this Accept-Encoding, or None if no encoding is acceptable.

    The highest weight wins, and the order of ENCODINGS breaks ties. Identity is only a fallback unless the client
    names it: "gzip;q=0.5" still gets gzip.
    """
    if accept_encoding is None or len(accept_encoding) > MAX_LENGTH:
        # Without the field any encoding is acceptable, and identity is the safest. A field that is too long is ignored
        # (section 12.1 allows it).
        return "identity"
    weights = _weights(accept_encoding)
    star = weights.get("*")
    best, best_weight = None, 0.0
    for encoding in ENCODINGS:
        if encoding not in available:
            continue
        weight = weights.get(encoding, (star or 0.0) if encoding != "identity" else 0.0)
        if weight > best_weight:
            best, best_weight = encoding, weight
    if best is not None:
        return best
    # "identity" is acceptable unless "identity;q=0" or "*;q=0" excludes it.
    return "identity" if weights.get("identity", 1.0 if star is None else star) > 0 else None


def _weights(value: str) -> dict[str, float]:
    """Returns the weight of each named encoding; a malformed weight counts as a refusal."""
    weights: dict[str, float] = {}
    for item in value.split(","):
        name, *parameters = item.split(";")
        name = name.strip().lower()
        if name == "x-gzip":
            name = "gzip"  # RFC 9110 section 8.4.1.3: x-gzip is equivalent.
        if name:
            weights[name] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0
