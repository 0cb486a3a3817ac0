#!/usr/bin/python3
"""verify-python.py FOLDER: what dkimpy makes of each FOLDER/N.eml, one line of JSON each: ["N", [true or false for each signature]].

Keys come from FOLDER/records.json: {"name": "value"}. Wants Debian's python3-dkim and python3-nacl, and no DNS.
"""

import json
import sys
from pathlib import Path

import dkim


def main(folder):
    records = {name: value.encode() for name, value in json.loads((folder / "records.json").read_text()).items()}

    def dnsfunc(name, timeout=5):
        return records.get(name.decode().rstrip("."))

    for file in sorted(folder.glob("*.eml")):
        message = file.read_bytes()
        count = sum(1 for line in message.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith(b"DKIM-Signature:"))
        verdicts = []
        for index in range(count):
            try:
                verdicts.append(dkim.DKIM(message, minkey=2048).verify(idx=index, dnsfunc=dnsfunc))
            except dkim.DKIMException:
                verdicts.append(False)
        print(json.dumps([file.stem, verdicts]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
