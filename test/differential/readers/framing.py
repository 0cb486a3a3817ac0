"""A reader's conversation: a message comes as its length on a line and its octets, its reading goes as a line of JSON.

{"from": [{"name", "address"}], "to": [...], "replyTo": [...], "subject",
 "texts": {type: text}, "parts": [{"type", "name", "disposition", "cid", "sha256"}], "complaints": [...]}

`texts` are the leaves that no disposition and no content id belong to, `parts` are all others, both in their order.
"""

import json
import sys


def answer_all(describe):
    octets = sys.stdin.buffer
    while line := octets.readline():
        print(json.dumps(describe(octets.read(int(line)))), flush=True)
