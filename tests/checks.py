"""Checks made, each to its end."""

from collections.abc import Sequence

from incidents.lib.outbound import Guard
from incidents.monitors.prober import Prober
from incidents.monitors.results import Probe, Result


def outcomes_of(
    probes: Sequence[Probe], *, guard: Guard, ca_file: str | None = None
) -> list[Result | Exception]:
    """In the order of the probes."""
    prober, ended = Prober(guard=guard, ca_file=ca_file), dict[int, Result | Exception]()
    try:
        for index, probe in enumerate(probes):
            prober.start(index, probe)
        while len(prober):
            ended.update(prober.turn(0.1))
    finally:
        prober.close()
    return [ended[index] for index in range(len(probes))]


def check_all(probes: Sequence[Probe], *, guard: Guard, ca_file: str | None = None) -> list[Result]:
    results = outcomes_of(probes, guard=guard, ca_file=ca_file)
    assert all(isinstance(result, Result) for result in results), results
    return [result for result in results if isinstance(result, Result)]
