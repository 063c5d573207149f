"""The peers that the service is compared with. Each has the articles in memory and needs no database."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

HOME = "https://www.daily.example"
SECTION = "section-000"


def loaded() -> list[dict[str, Any]]:
    """Returns the articles of the file in BENCH_ARTICLES, newest first."""
    with Path(os.environ["BENCH_ARTICLES"]).open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    for article in found:
        article["published_at"] = datetime.fromisoformat(article["published_at"])
        article["updated_at"] = datetime.fromisoformat(article["updated_at"])
    return sorted(found, key=lambda article: article["published_at"], reverse=True)
