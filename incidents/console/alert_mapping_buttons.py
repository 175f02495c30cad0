"""What the buttons of the mapping's form do to what was typed; nothing is kept."""

from collections.abc import Mapping

from incidents.alerts.mapping import PRESETS, to_stored
from incidents.alerts.proposals import find_all, first_alert, lists_in, propose, propose_words
from incidents.console.alert_mapping_form import LARGEST_SAMPLE_BYTES, PARTS, MappingForm, typed, words_of
from incidents.lib.errors import Refused
from incidents.lib.nested import read_json


def changed(data: Mapping[str, str], do: str) -> dict[str, str]:
    """What was sent, after the button that was pressed: `look`, `preset <name>` or `take <field> <value>`."""
    given = {name: data.get(name, "") for name in MappingForm.base_fields}
    verb, _space, rest = do.partition(" ")
    if verb == "preset" and rest in PRESETS:
        return {**given, **typed(to_stored(PRESETS[rest]))}
    if verb == "take":
        name, _space, value = rest.partition(" ")
        return {**given, name: _taken(given, name, value)} if name in given else given
    return _filled(given) if verb == "look" else given


def _taken(given: Mapping[str, str], name: str, value: str) -> str:
    """A path takes its field's place; words and labels are added to those that are there."""
    if name == "labels":
        return "\n".join(filter(None, [given[name].rstrip(), value]))
    if name in ("firing", "resolved"):
        return ", ".join(dict.fromkeys([*words_of(given[name]), value]))
    return value


def _filled(given: dict[str, str]) -> dict[str, str]:
    """Fields that are empty, by what the sample suggests; the form says what is wrong with one that suggests none."""
    raw = given["sample"].encode()
    try:
        payload = read_json(raw) if len(raw) <= LARGEST_SAMPLE_BYTES else None
    except Refused:
        return given
    if not given["each"] and isinstance(payload, list):
        given["each"] = next(iter(lists_in(payload)), "")
    found = find_all(first_alert(payload, given["each"]) if given["each"] else payload)
    for name in PARTS:
        given[name] = given[name] or next((one.path for one in propose(name, found)), "")
    state = next((one.value for one in found if one.path == given["state"]), "")
    for name, word in zip(("firing", "resolved"), propose_words(state), strict=True):
        given[name] = given[name] or word
    return given
