"""Prints the signature that Twilio's own library computes for the request on standard input, and
holds the library to its own verification."""

import json
import sys

from twilio.request_validator import RequestValidator

case = json.load(sys.stdin)
validator = RequestValidator(case["token"])
signature = validator.compute_signature(case["url"], case["fields"])
assert validator.validate(case["url"], case["fields"], signature)
print(signature)
