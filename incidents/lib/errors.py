"""Errors that a person can mend: each names what was wrong and what was expected."""


class Refused(ValueError):
    """Input or a step that the rules do not allow; nothing was saved.

    `field` is the input's name as the sender knows it ("" for the whole), `str()` the sentence.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
