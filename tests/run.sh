#!/bin/sh
# What `make test` runs, with the virtual environment's programs first on PATH.
# Once on SQLite with everything, then on a real PostgreSQL without what no database can change.
# `--faults`, as `make test-faults` calls it: only what kills processes, on both.
set -eu
cd "$(dirname "$0")/.."
SENDER_FAULTS="tests/faults/test_sender_faults.py tests/faults/test_mail_server_faults.py tests/faults/test_database_faults.py"

if [ "${1-}" = --faults ]; then
    shift
    printf '\nOn SQLite\n'
    pytest -q -m faults "$@"
    printf '\nOn PostgreSQL\n'
    python -m tests.postgres pytest -q -m faults $SENDER_FAULTS "$@"
    exit
fi

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
printf '\nOn PostgreSQL, with senders killed, mail servers out of order and the database restarted\n'
python -m tests.postgres pytest -q -m faults $SENDER_FAULTS "$@"
