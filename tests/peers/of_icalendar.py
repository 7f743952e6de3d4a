"""Expands the calendar on standard input as `recurring-ical-events` does.  Arguments: the first instant,
the first one after, the zone of whole days.  Prints [summary, from, to] in seconds, sorted."""

import json
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

first, after, zone = sys.argv[1:]


def second(at):
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=ZoneInfo(zone))
    return int(at.astimezone(UTC).timestamp())


calendar = Calendar.from_ical(sys.stdin.buffer.read())
window = [datetime.fromisoformat(at) for at in (first, after)]
events = recurring_ical_events.of(calendar).between(*window)
found = [[str(event["SUMMARY"]), second(event.start), second(event.end)] for event in events]
print(json.dumps(sorted(found)))
