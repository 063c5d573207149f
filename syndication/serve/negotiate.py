"""Which content coding a client gets (RFC 9110 section 12.5.3)."""

from syndication.model.values import ENCODINGS

MAX_LENGTH = 512
"""Characters of Accept-Encoding that are read: browsers send some thirty."""


def negotiate(accept_encoding: str | None) -> str | None:
    """The best coding for this Accept-Encoding, None when nothing is left to send.

    The highest weight wins and our own order breaks ties. Identity that the client does not name is the
    last resort, not a competitor: "gzip;q=0.5" still gets gzip.
    """
    if accept_encoding is None or len(accept_encoding) > MAX_LENGTH:
        # No field: any coding is acceptable, and the plain one is the safest. One that is too long is no field
        # (section 12.1: a server may disregard it).
        return "identity"
    weights = _weights(accept_encoding)
    star = weights.get("*")
    best, best_weight = None, 0.0
    for encoding in ENCODINGS:
        weight = weights.get(encoding, (star or 0.0) if encoding != "identity" else 0.0)
        if weight > best_weight:
            best, best_weight = encoding, weight
    if best is not None:
        return best
    # "identity" is acceptable unless "identity;q=0" or "*;q=0" excludes it.
    return "identity" if weights.get("identity", 1.0 if star is None else star) > 0 else None


def _weights(value: str) -> dict[str, float]:
    """The weight of each coding that is named; a malformed weight counts as a refusal."""
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
