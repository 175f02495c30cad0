"""Figures beside their limits."""


class Report:
    def __init__(self) -> None:
        self.missed = 0

    def line(self, figure: str, what: str, *, kept: bool) -> None:
        self.missed += not kept
        print(f"{figure:>12}  {what}{'' if kept else '  MISSED'}", flush=True)
