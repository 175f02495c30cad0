import os
import subprocess
import sys

from incidents.lib.owner import is_dead, new_owner


def owner_of(pid: int, start: str = "") -> str:
    place, _pid, own_start, nonce = new_owner().rsplit("/", 3)
    return f"{place}/{pid}/{start or own_start}/{nonce}"


def test_an_owner_fits_its_column_and_is_new_for_every_pass() -> None:
    assert len(new_owner()) <= 120
    assert new_owner() != new_owner()


def test_a_process_that_runs_is_not_dead() -> None:
    code = "from incidents.lib.owner import new_owner; print(new_owner(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        owner = other.stdout.readline().strip()
        assert not is_dead(owner, asker=new_owner())
        other.kill()
        other.wait()
        assert is_dead(owner, asker=new_owner())


def test_another_process_with_the_number_of_a_dead_one_does_not_keep_its_leases() -> None:
    assert is_dead(owner_of(os.getppid(), start="1"), asker=new_owner())


def test_an_earlier_pass_of_the_same_process_is_over() -> None:
    earlier, asker = new_owner(), new_owner()
    assert is_dead(earlier, asker=asker)
    assert not is_dead(asker, asker=asker)


def test_of_another_machine_nothing_is_known() -> None:
    assert not is_dead("elsewhere.4026531836/1/1/aaaa", asker=new_owner())
    assert not is_dead("", asker=new_owner())
