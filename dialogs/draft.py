"""What was said before the offer to write to staff was taken: filing does not ask for it again."""

from __future__ import annotations

from dialogs.action import Events, Turn, remember
from dialogs.phrases import Phrases

# Offers to file words as another case than the one just filed.
ADD_OR_FILE = "utter_ask_add_to_case"
# The answers that offer it right after a person's own words.
_OFFERS = frozenset(
    {
        "utter_application",
        "utter_application_not_found",
        ADD_OR_FILE,
        "utter_ask_service",
        "utter_did_you_mean",
        "utter_no_case_to_withdraw",
        "utter_no_own_case",
        "utter_not_understood_again",
        "utter_pin_elsewhere",
        "utter_register_unreachable",
        "utter_service_not_known",
        "utter_status",
    }
)
# After these the next answer may offer it.
_BEFORE_OFFERS = frozenset({"utter_default", "utter_other_language", "utter_out_of_scope"})
# Danger stays what a complaint is about, whatever was said in between.
_DANGER = "danger"


def keep(turn: Turn, phrases: Phrases) -> Events:
    """Remember the words, unless they say nothing and those before them did."""
    if phrases.has_substance(turn.text):
        return remember(complaint_draft=turn.text)
    return [] if turn.last_answer in _OFFERS | _BEFORE_OFFERS else remember(complaint_draft=None)


def kept(turn: Turn) -> str:
    """The words that the offer was made upon, empty if there was none."""
    offered = turn.slot("goal") == _DANGER or turn.last_answer in _OFFERS
    return turn.slot("complaint_draft") if offered else ""
