"""The help page draws what the tables say."""

from deploy import diagrams
from services.portal.pages.account_help import PLACES, drawing
from services.portal.pages.assets import OWN
from services.portal.pages.vocabulary import WORDS


def test_the_states_of_the_help_page_are_those_of_the_tables() -> None:
    assert (OWN / "states.json").read_text(encoding="utf-8") == diagrams.pictures()


def test_every_state_has_its_place_and_its_word() -> None:
    for kind, places in PLACES.items():
        drawn = drawing(kind)
        assert {box["state"] for box in drawn["boxes"]} == set(places)
        assert set(places) == set(WORDS[f"state.{kind}"])
        assert len(drawn["arrows"]) == len(drawn["ways"])
        assert len({(box["x"], box["y"]) for box in drawn["boxes"]}) == len(places)
