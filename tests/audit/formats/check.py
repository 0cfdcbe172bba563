"""Reads the exports of one log with other people's tools, and compares them with each other.

    check.py DIRECTORY TYPES PLANTED

DIRECTORY has log.csv, log.xlsx, log.ocsf, log.cloudevents and log.syslog of the same entries; TYPES are the types of
event that must all be among them, with commas between; PLANTED is a reason that stands in some of them.
"""

import csv
import datetime
import json
import pathlib
import re
import sys

import jsonschema
import openpyxl
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

OCSF_VERSION = "1.8.0"
GUARDED = "=+-@＝＋－＠\t\r\n'"


def fail(message):
    sys.exit(f"check.py: {message}")


def same(what, one, other):
    if one != other:
        fail(f"{what}: {one!r} is not {other!r}")


def read_csv(path):
    """The rows by column, with the guard against formulas taken off; and what stands before the header."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head = [row for row in rows if row[0].startswith("# ")]
    names, *rows = rows[len(head):]
    for row in rows:
        for cell in row:
            if cell and cell[0] in GUARDED and cell[0] != "'":
                fail(f"a cell of the CSV begins like a formula: {cell!r}")
    plain = [[cell[1:] if cell.startswith("'") else cell for cell in row] for row in rows]
    return dict(tuple(row) for row in head), [dict(zip(names, row, strict=True)) for row in plain]


def check_xlsx(path, rows):
    book = openpyxl.load_workbook(path)
    same("worksheets", book.sheetnames, ["Audit log", "About"])
    sheet = book["Audit log"]
    same("frozen at", sheet.freeze_panes, "A2")
    names, *cells = list(sheet.iter_rows())
    names = [cell.value for cell in names]
    same("rows of the workbook", len(cells), len(rows))
    for row, expected in zip(cells, rows):
        for name, cell in zip(names, row):
            if cell.data_type == "f":
                fail(f"{cell.coordinate} is a formula: {cell.value!r}")
            wanted = expected[name]
            if name == "time":
                if not isinstance(cell.value, datetime.datetime):
                    fail(f"{cell.coordinate} is no date: {cell.value!r}")
                written = datetime.datetime.fromisoformat(wanted.replace("Z", "+00:00")).replace(tzinfo=None)
                if abs(cell.value - written) > datetime.timedelta(milliseconds=1):
                    fail(f"{cell.coordinate}: {cell.value} is not {written}")
            elif name in ("position", "occurrence"):
                same(cell.coordinate, cell.value, int(wanted) if wanted else None)
            else:
                same(cell.coordinate, cell.value, wanted or None)


def check_ocsf(path, rows):
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=OCSF_VERSION))
    validators = {}
    lines = path.read_text(encoding="utf-8").split("\n")
    same("the last line of OCSF", lines.pop(), "")
    same("events of OCSF", len(lines), len(rows))
    for line, row in zip(lines, rows):
        event = json.loads(line)
        uid = event["class_uid"]
        if uid not in validators:
            name = schema.lookup_class_name_from_uid(class_uid=uid)
            made = schema.get_class_schema(class_name=name, profiles=[])
            jsonschema.Draft202012Validator.check_schema(made)
            validators[uid] = jsonschema.Draft202012Validator(made)
        errors = [f"{error.json_path}: {error.message}" for error in validators[uid].iter_errors(event)]
        if errors:
            fail(f"OCSF {event['metadata']['event_code']}: {errors[:5]} in {line}")
        known = validators[uid].schema["properties"].keys()
        if event.keys() - known:
            fail(f"OCSF {uid} does not know {event.keys() - known}")
        same("OCSF version", event["metadata"]["version"], OCSF_VERSION)
        same("OCSF type", event["type_uid"], uid * 100 + event["activity_id"])
        same("OCSF event", event["metadata"]["event_code"], row["type"])
        same("OCSF sequence", event["metadata"]["sequence"], int(row["position"]))
        same("OCSF actor", event["actor"]["user"]["uid"], row["actor"])
        same("OCSF status", event["status_id"], 2 if row["outcome"] == "refused" else 1)
        same("OCSF reason", event["unmapped"].get("reason", ""), row["reason"])
    return sorted(validators)


def check_cloudevents(path, rows):
    lines = path.read_text(encoding="utf-8").splitlines()
    same("CloudEvents", len(lines), len(rows))
    for line, row in zip(lines, rows):
        # Its constructor refuses what the specification forbids.
        event = JSONFormat().read(CloudEvent, line)
        same("CloudEvents type", event.get_type(), f"chancery.{row['type']}")
        same("CloudEvents id", event.get_id(), row["position"])
        same("CloudEvents version", event.get_specversion(), "1.0")
        same("CloudEvents data", list(event.get_data()), [row["type"]])


# RFC 5424, section 6.
VALUE = r'"((?:[^"\\\]]|\\["\\\]])*)"'
PARAM = rf' ([^ ="\]]{{1,32}})={VALUE}'
HEADER = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (-|\S{1,255}) (\S{1,48}) (-|\S{1,128}) (\S{1,32}) "
)
ELEMENT = re.compile(rf'\[([^ ="\]]{{1,32}})((?:{PARAM})*)\]')


def check_syslog(path, rows):
    lines = path.read_bytes().split(b"\n")
    same("the last line of syslog", lines.pop(), b"")
    same("messages of syslog", len(lines), len(rows))
    for line, row in zip(lines, rows):
        line = line.decode("utf-8")
        header = HEADER.match(line)
        if not header:
            fail(f"no header of syslog: {line!r}")
        priority, time, _host, name, _process, message_id = header.groups()
        same("facility of syslog", int(priority) // 8, 13)
        same("severity of syslog", int(priority) % 8, 4 if row["outcome"] == "refused" else 6)
        same("name in syslog", (name, message_id), ("chancery", row["type"]))
        written = datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00"))
        same("time of syslog", datetime.datetime.fromisoformat(time.replace("Z", "+00:00")), written)
        at, elements = header.end(), {}
        while element := ELEMENT.match(line, at):
            found = re.findall(PARAM, element[2])
            elements[element[1]] = {key: re.sub(r'\\(["\\\]])', r"\1", value) for key, value in found}
            at = element.end()
        if line[at:at + 2] != " \ufeff":
            fail(f"the structured data of syslog ends early: {line[at:]!r} of {line!r}")
        same("sequence of syslog", elements["meta"]["sequenceId"], row["position"])
        entry = elements["entry@32473"]
        same("position in syslog", entry["position"], row["position"])
        for key in ("actor", "outcome", "subject", "role", "scope", "permission", "rule"):
            same(f"{key} in syslog", entry.get(key, ""), row[key])
        # A line's end is written as its picture.
        same("reason in syslog", entry.get("reason", "").replace("\u240a", "\n"), row["reason"])


def main():
    directory, types, planted = pathlib.Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3]
    head, rows = read_csv(directory / "log.csv")
    same("organisation", head["# organisation"], "acme")
    missing = set(types) - {row["type"] for row in rows}
    if missing:
        fail(f"no entry is of the types {sorted(missing)}")
    if not any(row["reason"] == planted for row in rows):
        fail("the planted formula is not among the reasons")
    check_xlsx(directory / "log.xlsx", rows)
    classes = check_ocsf(directory / "log.ocsf", rows)
    same("classes of OCSF", classes, [3001, 3004, 3005, 3006, 6003])
    check_cloudevents(directory / "log.cloudevents", rows)
    check_syslog(directory / "log.syslog", rows)
    print(f"checked {len(rows)} entries of {len({row['type'] for row in rows})} types")


main()
