from incidents.console.refusals import sentence_of
from incidents.lib.errors import Refused
from incidents.lib.markdown import render


def preview_of(text: str) -> str:
    """Safe HTML of a text as readers will see it, or of the sentence that says why there is none."""
    try:
        return render(text)
    except Refused as refused:
        return render(sentence_of(refused))
