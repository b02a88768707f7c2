#!/usr/bin/python3
"""What groups of a directory cost: people, a large group, and how long a change takes until routerd hears of it.

    tests/bench/groups.py --people 100000 --members 10000 --tries 200 [--photo 8192]

OpenLDAP's slapd and dirsyncd, on this machine; routerd is played (tests/e2e/router.py).  Prints a JSON object: times in
seconds, memory in MiB.
"""
import argparse
import base64
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from router import Dirsyncd  # noqa: E402
from slapd import BASE, PEOPLE, Slapd  # noqa: E402
from suite import Suite  # noqa: E402

GROUPS = f"ou=groups,{BASE}"


def entries(people, members, photo):
    picture = base64.b64encode(b"\xff\xd8\xff\xe0" + os.urandom(photo)).decode()
    for n in range(people):
        yield (f"dn: uid=user{n},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: user{n}\ncn: Given{n} Family{n}\n"
               f"sn: Family{n}\ngivenName: Given{n}\nmail: user{n}@example.org\ntelephoneNumber: {n}\ntitle: Dr\n"
               + (f"jpegPhoto:: {picture}\n" if photo else "") + "\n")
    yield f"dn: cn=all,{GROUPS}\nobjectClass: groupOfNames\ncn: all\n"
    for n in range(members):
        yield f"member: uid=user{n},{PEOPLE}\n"
    yield "\n"


def mib(dirsyncd):
    return [round(m / 2**20, 1) for m in dirsyncd.memory()]


def quantile(times, share):
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))], 4)


def tries(slapd, dirsyncd, members, count):
    """Names of members change, one after the other; each until the group is told of with it."""
    times = []
    for n in range(count):
        jid, name = f"user{n % members}@localhost", f"Changed {n}"
        began = time.monotonic()
        slapd.modify(f"user{n % members}", f"replace: displayName\ndisplayName: {name}")
        dirsyncd.until(lambda d: d.groups["all"].members[jid] == name)
        times.append(time.monotonic() - began)
    return {"median": quantile(times, .5), "p99": quantile(times, .99), "max": round(max(times), 4)}


def measure(slapd, dirsyncd, options):
    result = {"people": options.people, "members": options.members, "photo_bytes": options.photo}
    began = time.monotonic()
    dirsyncd.start()
    dirsyncd.log.wait(f"directory-followed .*accounts={options.people}", timeout=3600)
    result["read"] = round(time.monotonic() - began, 2)
    dirsyncd.until_all()
    assert len(dirsyncd.groups["all"].members) == options.members
    result["memory_now_most"] = mib(dirsyncd)
    began = time.monotonic()
    found = [dirsyncd.search(last=f"family{n}")[2] for n in range(0, options.people, options.people // 100)]
    result["search"] = round((time.monotonic() - began) / len(found), 4)
    result["change_to_group"] = tries(slapd, dirsyncd, options.members, options.tries)
    began = time.monotonic()
    dirsyncd.restart().until_all()
    result["known_after_restart"] = round(time.monotonic() - began, 2)
    result["memory_after_restart"] = mib(dirsyncd)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("people", 100000), ("members", 10000), ("tries", 200), ("photo", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    slapd, suite = Slapd(), Suite()
    try:
        slapd.load("".join(entries(options.people, options.members, options.photo)))
        slapd.start()
        suite.init().configure()
        suite.edit(**slapd.settings(group_base=GROUPS, groups="members"))
        dirsyncd = Dirsyncd(suite)
        print(json.dumps(measure(slapd, dirsyncd, options)))
        dirsyncd.close()
    finally:
        slapd.remove()
        suite.remove()


if __name__ == "__main__":
    main()
