#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""An ansible module for subordinate ids, over `subid grant --json` and `subid revoke --json`."""

import json

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: subid
short_description: give ranges of subordinate ids to a user, or take them away
description:
  - Uses C(subid grant) and C(subid revoke), see subid-grant(8), on the managed host.
  - C(state=present) without a size gives one range to a user who has none.
  - C(state=absent) also removes the ranges of a user who does not exist any more.
options:
  user:
    description: The login name.
    type: str
    required: true
  state:
    description: Whether the user has the ids.
    type: str
    choices: [present, absent]
    default: present
  count:
    description: >
      The size of a new range. A user who has fewer ids is an error, one who has as many is not.
    type: int
  at_least:
    description: How many ids the user has in all; those that are missing are added.
    type: int
  range:
    description: These ids, as C(FIRST-LAST); with C(state=absent) only these are taken.
    type: str
  kind:
    description: Only uids, or only gids.
    type: str
    choices: [both, uid, gid]
    default: both
  no_account:
    description: The owner need not be a user, as C(containers) for podman.
    type: bool
    default: false
  root:
    description: The directory of an image, in place of the running system.
    type: path
  program:
    description: The program.
    type: path
    default: subid
"""

EXAMPLES = r"""
- subid: {user: elsa}
- subid: {user: builder, at_least: 131072}
- subid: {user: containers, range: 2147483648-4294967294, no_account: true}
- subid: {user: bob, state: absent}
"""

RETURN = r"""
before: {description: The ranges of the user before, by kind., returned: success, type: dict}
after: {description: The ranges of the user now, by kind., returned: success, type: dict}
reason: {description: A word such as granted or held., returned: success, type: str}
"""


def command(params, check):
    words = [params["program"], "grant" if params["state"] == "present" else "revoke", "--json"]
    if params["state"] == "absent":
        words.append("--if-held")
    if params["state"] == "absent" or params["no_account"]:
        words.append("--no-account")
    if check:
        words.append("--dry-run")
    if params["kind"] != "both":
        words.append(f"--{params['kind']}-only")
    for name in ("count", "at_least", "range", "root"):
        if params[name] is not None:
            words += [f"--{name.replace('_', '-')}", str(params[name])]
    return [*words, "--", params["user"]]


def lines(user, ranges):
    """One line of text for each range, for --diff."""
    return "".join(f"sub{kind}: {user}:{one['first']}:{one['count']}\n"
                   for kind, found in ranges.items() for one in found)


def main():
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "count": {"type": "int"},
            "at_least": {"type": "int"},
            "range": {"type": "str"},
            "kind": {"type": "str", "choices": ["both", "uid", "gid"], "default": "both"},
            "no_account": {"type": "bool", "default": False},
            "root": {"type": "path"},
            "program": {"type": "path", "default": "subid"},
        },
        mutually_exclusive=[("count", "at_least", "range")],
        supports_check_mode=True)
    if module.params["state"] == "absent" and (module.params["count"]
                                               or module.params["at_least"]):
        module.fail_json(msg="count and at_least are for state=present")
    status, out, err = module.run_command(command(module.params, module.check_mode))
    if status != 0:
        module.fail_json(msg=err.strip(), rc=status)
    document = json.loads(out)
    user = document["users"][0]
    module.exit_json(
        changed=document["changed"], reason=user["reason"], before=user["before"],
        after=user["after"], warnings=err.splitlines() if document["changed"] else [],
        diff={"before": lines(user["user"], user["before"]),
              "after": lines(user["user"], user["after"])})


if __name__ == "__main__":
    main()
