#!/usr/bin/python3
"""Holds doc/events.md against every call of the log: which events there are, at which level, by
whom, with which pairs.  Each value that is not a number goes through log_value(), so that nobody
can forge a pair.

    tests/style/events.py            fails where page and code differ
    tests/style/events.py --write    makes the page's table anew; its sentences stay
"""
import re
import sys
from pathlib import Path

import metrics

PAGE = metrics.ROOT / "doc/events.md"
FILTER = metrics.ROOT / "etc/fail2ban/filter.d/bulkhead.conf"
LEVELS = ["error", "warn (always)", "warn", "info", "debug"]
# By whose name an event goes that is logged in that folder; else by the first folder's.
WHO = {"master": ["bulkhead"], "snmpd-plugin": ["snmp"], "lib/daemon": ["all"], "lib/front": ["c2sd", "s2sd"]}
EVENT = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
KEY = r"[a-z][a-z0-9_-]*"
CONVERSION = r"%(?:l?[udx]|0?4?x|zu|s)"
PAIR = re.compile(rf'({KEY})=((?:{CONVERSION}(?:/%lu)?)|0x{CONVERSION}|[\w.-]+|"[^"%=]*")(?: |$)')
# What gives words of our own, without blanks: nothing that a peer could choose.
OURS = re.compile(r"""^(?:
    LOG_(?:STR|TEXT|LONG)\(.*\)
  | (?:client|connection|peer|way|role|fate|event|bus_role|stream_error|stanza_error|log_level)_name\(.*\)
  | (?:peer_text|peer_ip|listener_address|name_of)\(.*\)
  | [\w>.-]*instance
  | method | KEY_SOCKET | BULKHEAD_VERSION
  )$""", re.X | re.S)


def arguments(text, start):
    """The arguments of the call whose parenthesis opens at start."""
    depth, found, i = 0, [start + 1], start
    while True:
        c = text[i]
        if c == '"':
            i = re.compile(r'"(?:\\.|[^"\\])*"').match(text, i).end()
            continue
        depth += (c in "([{") - (c in ")]}")
        if depth == 0:
            break
        if c == "," and depth == 1:
            found.append(i + 1)
        i += 1
    return [text[a:b].strip().rstrip(",").strip() for a, b in zip(found, found[1:] + [i])]


def literals(text):
    return [s.replace('\\"', '"') for s in re.findall(r'"((?:\\.|[^"\\])*)"', text)]


def ours(argument):
    """Text of our own or quoted, or a choice between such texts."""
    choice = re.fullmatch(r"(.*?)\?(.*?):(.*)", argument, re.S)
    if choice and not OURS.match(argument):
        return ours(choice[2].strip()) and ours(choice[3].strip())
    return bool(OURS.match(argument) or re.fullmatch(r'"[\w-]+"', argument))


class Calls:
    """Every call of the log, and what is wrong with it."""

    def __init__(self):
        self.events, self.wrong = {}, []
        self.files = {p: (metrics.ROOT / p).read_text() for p in metrics.sources()}
        for path, text in self.files.items():
            if path.parts[:2] == ("lib", "daemon") and path.name == "log.h":
                continue
            for call in re.finditer(r"(?<!^void )\blog_(error|warn|info|debug|event|audit)\(", text, re.M):
                line = text.count("\n", 0, call.start()) + 1
                self.take(f"{path}:{line}", path, call[1], arguments(text, call.end() - 1))

    def names(self, argument):
        """The events that it can be: literals, or those that a function of ours chooses from."""
        chosen = re.fullmatch(r"(\w+)\(.*\)", argument)
        if not chosen:
            return literals(argument)
        for text in self.files.values():
            body = re.search(rf"^(?:static )?const char \*{chosen[1]}\([^)]*\)\n{{\n(.*?)^}}", text, re.M | re.S)
            if body:
                return literals(body[1])
        return []

    def take(self, where, path, level, args):
        levels = ["warn (always)" if level == "audit" else level]
        if level == "event":
            levels = [word.lower() for word in re.findall(r"LOG_LEVEL_(\w+)", args.pop(0))]
        names, fmt = self.names(args[0]), "".join(literals(args[1]))
        pairs = list(PAIR.finditer(fmt))
        if not names or not levels or not all(re.fullmatch(EVENT, n) for n in names):
            self.wrong.append(f"{where}: the event or its level cannot be told")
        if "".join(p[0] for p in pairs) != fmt or not pairs:
            self.wrong.append(f"{where}: \"{fmt}\" is no list of pairs")
        if any(p[1] in ("event", "instance") for p in pairs):
            self.wrong.append(f"{where}: the journal has a field of that name already")
        for conversion, argument in zip(re.findall(CONVERSION, fmt), args[2:]):
            if conversion == "%s" and not ours(argument):
                self.wrong.append(f"{where}: {argument} does not go through LOG_STR, LOG_TEXT or LOG_LONG")
        for name in names:
            event = self.events.setdefault(name, (set(), set(), []))
            event[0].update(levels)
            event[1].update(WHO.get(str(path.parent), [path.parts[0]]))
            event[2].extend(p[1] for p in pairs if p[1] not in event[2])

    def rows(self):
        """event: level, by whom, keys, as the page has them."""
        return {name: (" or ".join(sorted(levels, key=LEVELS.index)), ", ".join(sorted(daemons)), " ".join(keys))
                for name, (levels, daemons, keys) in sorted(self.events.items())}


def reasons_of_code(files):
    """What stands in reason= of auth-failed: authd's words for why."""
    found = set()
    for path, text in files.items():
        if path.parts[0] != "authd":
            continue
        for call in re.finditer(r"\b(?:exchange_)?fail\(", text):
            args = arguments(text, call.end() - 1)
            if len(args) == 3 and args[1].startswith("SASL_"):
                found.update(literals(args[2]))
        for value in re.findall(r"\breason = ([^;,]*?);", text):
            found.update(literals(value))
    return found


def wrong_reasons(files, page):
    """The page's two lists, the manual and the filter of fail2ban go by the same words."""
    code = reasons_of_code(files)
    blamed, others = (set(re.findall(r"`([a-z0-9-]+)`", part)) for part in
                      re.search(r"\*\*Reasons of `auth-failed`\.\*\*(.*?)Not:(.*?)\n\n", page, re.S).groups())
    manual = (metrics.ROOT / "authd/bulkhead-authd.8").read_text()
    line = re.search(r"^_reason = (.*)$", FILTER.read_text(), re.M)[1]
    yield from (f"doc/events.md lacks the reason {r}" for r in code - blamed - others)
    yield from (f"doc/events.md has the reason {r}, which authd does not" for r in (blamed | others) - code)
    yield from (f"bulkhead-authd.8 lacks the reason {r}" for r in code if not re.search(rf"[ ,]{r}\b", manual))
    yield from (f"the filter of fail2ban does not count {r}" for r in blamed if not re.fullmatch(line, r))
    yield from (f"the filter of fail2ban counts {r}" for r in others if re.fullmatch(line, r))


def page_rows(page):
    found = {}
    for line in page.splitlines():
        row = re.fullmatch(rf"\| `({EVENT})` \| (.*?) \| (.*?) \| (.*?) \| (.*) \|", line)
        if row:
            found[row[1]] = row.groups()[1:]
    return found


def write(rows, page):
    sentences = {name: row[-1] for name, row in page_rows(page).items()}
    table = "".join(f"| `{name}` | {' | '.join(row)} | {sentences.get(name, '')} |\n"
                    for name, row in rows.items())
    head, rest = page.split("|---|---|---|---|---|\n")
    tail = re.sub(r"\A(?:\|.*\n)*", "", rest)
    PAGE.write_text(head + "|---|---|---|---|---|\n" + table + tail)


def main():
    calls = Calls()
    rows, page = calls.rows(), PAGE.read_text()
    if "--write" in sys.argv:
        write(rows, page)
        page = PAGE.read_text()
    shown = page_rows(page)
    broken = [*calls.wrong, *wrong_reasons(calls.files, page)]
    broken += [f"doc/events.md lacks {name}" for name in rows if name not in shown]
    broken += [f"doc/events.md has {name}, which nobody logs" for name in shown if name not in rows]
    for name, row in shown.items():
        if name in rows and row[:3] != rows[name]:
            broken.append(f"doc/events.md says of {name}: {row[:3]}, the code {rows[name]}")
        if not row[3].strip():
            broken.append(f"doc/events.md does not say what {name} is")
    for line in broken:
        print(line)
    print(f"{len(rows)} events")
    print(f"{len(rows) - len(broken) if len(broken) < len(rows) else 0} passed, {len(broken)} failed")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
