"""A command line for tests: does what its words say, in the manner of `viavolta ... --json`."""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    words = sys.argv[1:]
    out = Path(words[words.index("--out") + 1])
    do = words[0]
    if do == "environment":
        sys.stdout.write(json.dumps(dict(os.environ)))
        return
    if do == "fail":
        sys.stdout.write(json.dumps({"error": {"code": "config-not-toml", "message": "no"}}))
        sys.exit(5)
    if do == "crash":
        sys.stderr.write("Traceback\nValueError: oops\n")
        sys.exit(1)
    if do == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    hoard = bytearray(700_000_000) if do == "hoard" else b""
    if do == "sulk":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if do != "done":
        sys.stderr.write(json.dumps({"stage": "blocks", "share": 0.5, "message": do}) + "\n")
        sys.stderr.flush()
        try:
            time.sleep(30)
        except KeyboardInterrupt:
            sys.exit(130)
    out.mkdir(parents=True)
    (out / "study.json").write_text("{}")
    sys.stdout.write(json.dumps({"out": str(out), "held": len(hoard)}))


if __name__ == "__main__":
    main()
