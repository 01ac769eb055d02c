"""`python examples/demo`: the back end and the engine beside each other, until Ctrl-C.

Arguments are flags of `engine run`. What both keep is in `demo-data`, which begins empty each time.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.foundation.files import FolderLock, FolderLockedError

HERE = Path(__file__).parent
DATA = Path(os.environ.get("DEMO_DATA", "demo-data"))
PORT = os.environ.get("DEMO_PORT", "9999")


def main() -> int:
    """The exit code of whichever ends first."""
    if (fault := _in_use()) is not None:
        sys.stderr.write(f"{fault}\n")
        return 1
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    environment = {**os.environ, "DEMO_DATA": str(DATA.resolve()), "DEMO_PORT": PORT}
    backend = [sys.executable, "-m", "backend", "--port", PORT, "--data", str(DATA.resolve())]
    engine = [
        sys.executable, "-m", "engine", "run", "--config", str(HERE / "prometheus" / "prometheus.yml"),
        "--data-dir", str(DATA / "engine"), "--expand-env", "--web.enable-lifecycle", *sys.argv[1:],
    ]  # fmt: skip
    with (DATA / "backend.out").open("wb") as output:
        parts = [
            subprocess.Popen(backend, cwd=HERE, stdout=output, stderr=subprocess.STDOUT, env=environment),
            subprocess.Popen(engine, env=environment),
        ]
        sys.stderr.write(f"the back end: http://127.0.0.1:{PORT}/ (buttons for trouble), its log: {DATA / 'app.log'}\n")
        return _until_one_ends(parts)


def _in_use() -> str | None:
    """Why nothing may be removed: another demo writes there."""
    try:
        if (DATA / "engine" / "lock").is_file():
            FolderLock(DATA / "engine").release()
    except FolderLockedError as error:
        return f"{error} (DEMO_DATA=FOLDER DEMO_PORT=PORT)"
    return None


def _until_one_ends(parts: list[subprocess.Popen[bytes]]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # also where whoever started this ignores them
        signal.signal(number, signal.default_int_handler)
    ended: list[subprocess.Popen[bytes]] = []
    try:
        while not (ended := [part for part in parts if part.poll() is not None]):
            time.sleep(0.2)
        if ended[0] is parts[0]:
            sys.stderr.write(f"the back end has ended, which says why in {DATA / 'backend.out'}\n")
    except KeyboardInterrupt:
        pass
    for part in parts:
        if part.poll() is None:
            part.send_signal(signal.SIGINT)
    for part in parts:
        part.wait()
    return ended[0].returncode if ended else 0


if __name__ == "__main__":
    sys.exit(main())
