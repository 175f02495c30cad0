"""All benches, one after the other: `make bench`. Exits 1 where a limit is missed."""

import subprocess
import sys

BENCHES = ("page", "detection", "baseline", "fanout", "checks", "uptime", "hooks", "report_bench")


def main() -> int:
    missed = 0
    for name in BENCHES:
        print(f"\n{name}", flush=True)
        missed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
