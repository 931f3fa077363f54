#!/bin/sh
# Installs into ./env beside this file, without a network. Needs Python 3.11, 3.12 or 3.13: sh install.sh [python]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
list="$here/requirements-linux-$version.txt"
if [ ! -f "$list" ]; then
    echo "This folder has no packages for Python $version on Linux. Name another Python: sh install.sh /path/to/python3.12" >&2
    exit 2
fi
(cd "$here" && sha256sum --quiet --check SHA256SUMS)
"$python" -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-cache-dir --find-links "$here/wheels" \
    --only-binary :all: --require-hashes --requirement "$list"
echo "$here/program" > "$("$here/env/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/mobility.pth"
echo "Done. Try: $here/env/bin/python $here/program/jobs/doctor.py"
