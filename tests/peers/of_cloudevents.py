"""Sends an event as the CloudEvents SDK writes it: binary and structured.  Arguments: address, key."""

import json
import sys
import urllib.request

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

address, key = sys.argv[1:]
seen = []
for write in (to_binary_event, to_structured_event):
    attributes = {"type": "phones.down", "source": "/pbx/\u7535\u8bdd", "id": "7"}
    attributes.update({"alertname": "PhonesDown", "env": "prod"})
    attributes.update({"specversion": "1.0", "datacontenttype": "application/json"})
    message = write(CloudEvent(attributes, {"users": 1200}))
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(address, data=message.body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        seen.append({"status": answer.status, "body": json.load(answer)})
print(json.dumps(seen))
