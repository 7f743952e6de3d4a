"""Drives firebell with Opsgenie's own SDK.  Arguments: the address, the key.  Prints what it was told."""

import json
import sys

import opsgenie_sdk

address, key = sys.argv[1:]
configuration = opsgenie_sdk.Configuration()
configuration.host = address
configuration.api_key["Authorization"] = key
alerts = opsgenie_sdk.AlertApi(opsgenie_sdk.ApiClient(configuration=configuration))


def status(answer):
    """Asks what became of a request."""
    data = alerts.get_request_status(request_id=answer.request_id).data
    return {"done": data.is_success, "action": data.action, "alias": data.alias, "id": data.alert_id}


payload = opsgenie_sdk.CreateAlertPayload(
    message="No calls", alias="phones-1", priority="P1", details={"alertname": "PhonesDown"}
)
created = status(alerts.create_alert(create_alert_payload=payload))
status(alerts.create_alert(create_alert_payload=payload))
noted = status(
    alerts.add_note(
        identifier="phones-1",
        identifier_type="alias",
        add_note_to_alert_payload=opsgenie_sdk.AddNoteToAlertPayload(note="line 2 too"),
    )
)
seen = status(alerts.acknowledge_alert(identifier=created["id"]))
closed = status(alerts.close_alert(identifier="phones-1", identifier_type="alias"))
nothing = status(alerts.close_alert(identifier="nobody", identifier_type="alias"))
bare = opsgenie_sdk.CreateAlertPayload(message="x", details={"alertname": "PhonesDown"})
made = status(alerts.create_alert(create_alert_payload=bare))
refused = ""
try:
    other = opsgenie_sdk.CreateAlertPayload(message="x", alias="a" * 600)
    alerts.create_alert(create_alert_payload=other)
except opsgenie_sdk.exceptions.OpenApiException as error:
    refused = str(error)
print(
    json.dumps(
        {"created": created, "noted": noted, "seen": seen, "closed": closed, "nothing": nothing,
         "made": made, "refused": refused}
    )
)
