#!/bin/sh
# What `make test` runs, with the virtual environment's programs first on PATH.
# Once on SQLite with everything, then on a real PostgreSQL without what no database can change.
set -eu
cd "$(dirname "$0")/.."

ruff check --quiet
ruff format --check --quiet
mypy
lint-imports
DATA_DIR="$(mktemp -d)" python manage.py makemigrations --check --dry-run

printf '\nOn SQLite\n'
pytest -q -n 2 -m 'not browser and not faults' "$@"
printf '\nOn SQLite, one at a time: killed processes and browsers need the machine for themselves\n'
pytest -q -m 'browser or faults' "$@"
printf '\nOn PostgreSQL\n'
python -m tests.postgres pytest -q -n 2 -m 'not browser and not faults' "$@"
printf '\nOn PostgreSQL, senders killed\n'
python -m tests.postgres pytest -q tests/faults/test_outbox_kill.py
