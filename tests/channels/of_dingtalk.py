"""Reads a case from standard input and holds its signature to the one that Apprise computes."""

import json
import sys
import time
from urllib.parse import parse_qs, quote, urlsplit

from apprise.plugins.dingtalk import NotifyDingTalk

case = json.load(sys.stdin)
query = parse_qs(urlsplit(case["url"]).query)
stamp = query["timestamp"][0]
time.time = lambda: int(stamp) / 1000
theirs = NotifyDingTalk(token="abc", secret=case["secret"]).get_signature()
ours = (stamp, quote(query["sign"][0], safe=""))
assert theirs == ours, (theirs, ours)
