# SPDX-License-Identifier: BSD-3-Clause
"""JSON that the programs print, compared with docs/schema/subid.schema.json.

check() asks a process of its own, which this file is: with jsonschema the test would be larger,
and a child has at first the size of the test, which some tests compare."""

import functools
import importlib.util
import json
import os
import subprocess
import sys

INSTALLED = importlib.util.find_spec("jsonschema") is not None
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../../docs/schema/subid.schema.json")
LARGEST = 200_000   # bytes of a document; the rows of a longer one are not compared


def schema():
    with open(PATH, encoding="utf-8") as file:
        return json.load(file)


def strict(part):
    """The same schema without keys that it does not name."""
    if isinstance(part, list):
        return [strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: strict(value) for key, value in part.items()}
    if isinstance(part.get("type"), str) and part["type"] == "object":
        found["additionalProperties"] = False
    return found


def kind_of(document):
    """The name of a document in the schema: its first list, or what changes."""
    if "dry_run" in document:
        return "change"
    if "user" in document:
        return "getsubids"
    return next((key for key, value in document.items() if isinstance(value, list)), "")


@functools.cache
def validator(kind):
    import jsonschema   # pylint: disable=import-outside-toplevel

    whole = strict(schema())
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def problem(document):
    """What the schema says against a document, or None."""
    kind = kind_of(document)
    if kind not in schema()["$defs"]:
        return f"no schema of '{kind}'"
    error = next(validator(kind).iter_errors(document), None)
    return error and f"{kind}: {error.json_path}: {error.message}"


@functools.cache
def server(_pid):
    """The process that compares, one for each process of a test."""
    return subprocess.Popen([sys.executable, os.path.abspath(__file__)], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def check(words, text):
    """Raises an error if what a program printed is a document that the schema refuses.
    Output that ends early is left to the test."""
    if not (INSTALLED and text.startswith(b'{\n   "version"') and len(text) <= LARGEST):
        return
    try:
        line = json.dumps(json.loads(text))
    except ValueError:
        return
    asked = server(os.getpid())
    asked.stdin.write(f"{line}\n")
    asked.stdin.flush()
    found = json.loads(asked.stdout.readline())
    if found:
        raise RuntimeError(f"{words}: {found}")


if __name__ == "__main__":
    for document_line in sys.stdin:
        print(json.dumps(problem(json.loads(document_line))), flush=True)
