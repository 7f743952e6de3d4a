"""Drives firebell with a client of PagerDuty's Events API: `pagerduty`, which speaks HTTPS alone, or the
older `pdpyras`.  Arguments: the library, the address, the routing key.  Prints the keys it was given."""

import json
import sys

library, address, routing_key = sys.argv[1:]
if library == "pagerduty":
    import pagerduty

    events = pagerduty.EventsApiV2Client(routing_key, base_url=address)
    changes = events
else:
    import pdpyras

    events = pdpyras.EventsAPISession(routing_key)
    events.url = address
    changes = pdpyras.ChangeEventsAPISession(routing_key)
    changes.url = address

first = events.trigger("PhonesDown", "pbx-1", dedup_key="phones-1", severity="critical")
again = events.trigger("PhonesDown", "pbx-1", dedup_key="phones-1")
events.acknowledge("phones-1")
# 7.2.0 fails where it takes the time itself.
changes.submit("Build 17 is live", source="ci", timestamp="2026-11-21T07:59:00Z")
events.resolve("phones-1")
made = events.trigger("PhonesDown", "pbx-2")
events.resolve(made)
refused = ""
try:
    events.send_event("trigger", payload={"summary": "x", "source": "y", "severity": "fatal"})
except Exception as error:  # each library has its own
    refused = str(error)
print(json.dumps({"first": first, "again": again, "made": made, "refused": refused}))
