"""Which sections are silent for unusually long, in words: looked up once in a while for everybody."""


def quiet() -> dict[str, str]:
    """By slug what is unusual about it."""
    return {}
