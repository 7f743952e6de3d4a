"""Reads a signed request from standard input and holds its signature to the one that Alibaba Cloud's
own library computes."""

import json
import sys
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from alibabacloud_openapi_util.client import Client

case = json.load(sys.stdin)
url = urlsplit(case["url"])
headers = {name: value for name, value in case["headers"].items() if name.startswith("x-acs-")}
request = SimpleNamespace(
    method="POST",
    pathname=url.path,
    query=dict(parse_qsl(url.query, keep_blank_values=True)),
    headers={**headers, "host": url.hostname},
)
digest = headers["x-acs-content-sha256"]
theirs = Client.get_authorization(request, "ACS3-HMAC-SHA256", digest, "LTAI1", case["secret"])
ours = case["headers"]["authorization"]
assert theirs == ours, (theirs, ours)
