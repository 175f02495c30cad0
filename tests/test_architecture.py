"""The rules of the layout, held by reading the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FACES = ("public", "console", "api", "hooks")
WRITES = {"save", "create", "bulk_create", "update_or_create", "get_or_create", "delete", "bulk_update"}
DJANGO_FREE = (
    *(ROOT / "incidents/monitors/checkers").glob("*.py"),
    *(ROOT / "incidents/alerts/formats").glob("*.py"),
    *(
        ROOT / "incidents/alerts" / f"{name}.py"
        for name in ("fields", "heard", "mapping", "proof", "routing", "stage")
    ),
    *(
        ROOT / "incidents/monitors" / f"{name}.py"
        for name in ("drift", "judge", "reading", "results", "series", "usual")
    ),
    *(
        ROOT / "incidents/reports" / f"{name}.py"
        for name in (
            "checks",
            "dates",
            "document",
            "footnotes",
            "hea",
            "hea_read",
            "hea_write",
            "html",
            "markdown",
            "phrases",
            "proposal",
            "words",
        )
    ),
    *(
        ROOT / "incidents/lib" / f"{name}.py"
        for name in ("connect", "fetch", "json_paths", "markdown", "outbound", "patterns")
    ),
)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_stages_import_only_downwards() -> None:
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr


@pytest.mark.parametrize("path", DJANGO_FREE, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_decides_knows_neither_django_nor_tables(path: Path) -> None:
    forbidden = {
        name for name in imported(path) if name.split(".")[0] == "django" or "incidents.models" in name
    }
    assert not forbidden


def test_replay_writes_no_model_itself() -> None:
    replay = [
        ROOT / "incidents/management/commands/replay.py",
        *(ROOT / "incidents/management").glob("replay*.py"),
    ]
    assert not {name for path in replay for name in imported(path) if name.startswith("incidents.models")}


@pytest.mark.parametrize("face", FACES)
def test_faces_translate_and_never_write(face: str) -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.func.attr}()"
        for path in (ROOT / "incidents" / face).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
    ]
    assert not offences


def test_nothing_is_imported_inside_a_function() -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for folder in ("incidents", "statuspage")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not offences
