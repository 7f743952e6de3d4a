"""Verifies a signed webhook with the official library: the case on standard input, the secret as
argument. Exits with an error where the library refuses it."""

import json
import sys

from standardwebhooks.webhooks import Webhook

case = json.load(sys.stdin)
Webhook(sys.argv[1]).verify(case["body"], case["headers"])
