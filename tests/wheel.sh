#!/usr/bin/env bash
# Builds the wheel by way of the sdist, installs it without extras in an empty environment
# away from the repository, and runs the packaging tests there.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export PYTHONSAFEPATH=1

cp "$root/tests/test_packaging.py" "$work"
"$PYTHON" -m build --outdir "$work/dist" "$root" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"$PYTHON" -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet --constraint "$root/constraints.txt" dist/*.whl pytest
venv/bin/gristmill --help >/dev/null
venv/bin/pytest -ra -W error test_packaging.py
