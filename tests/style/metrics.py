#!/usr/bin/python3
"""Measures the product's C code and fails where a rule of CONTRIBUTING.md is broken.

    tests/style/metrics.py            the whole tree
    tests/style/metrics.py --worst    also the ten longest functions and files
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ["c2sd", "s2sd", "routerd", "authd", "keyd", "dirsyncd", "snmpd-plugin", "metricsd", "lib",
           "ctl", "master"]
DAEMONS = [p for p in PRODUCT if p != "lib"]
FUNCTION_MAX, FILE_MAX, PARAMETERS_MAX = 80, 800, 5

# An outside library's headers, and the only folder that may include them.
LIBRARY_HOME = {
    r"libxml/": "lib/xmpp",
    r"(stringprep|idna|idn2|pr29|punycode|tld|idn-free)\.h": "lib/xmpp",
    r"gnutls/": "lib/net",
    r"gsasl": "authd",
    r"sqlite3": "lib/store",
    r"unbound\.h": "lib/dns",
    r"confuse\.h": "lib/conf",
    r"seccomp\.h": "lib/daemon",
    r"systemd/": "lib/daemon",
    r"nettle/": "lib/base",
    r"(ldap|lber|openldap)\.h": "lib/directory",
    r"(gssapi/|krb5)": "lib/directory",
    r"expat\.h": "tests/fuzz",  # another parser than ours, to compare with
    r"net-snmp/": "snmpd-plugin",
    r"microhttpd\.h": "metricsd",
}

# Functions whose shape a library dictates: of SAX2, of GnuTLS, of libmicrohttpd.
DICTATED = {("lib/xmpp/sax.c", "on_start"), ("lib/xmpp/tree.c", "on_start"),
            ("lib/net/tls_store.c", "retrieve"), ("lib/net/tls_asked_key.c", "sign_hash"),
            ("lib/net/tls_asked_key.c", "sign_data"), ("metricsd/http.c", "on_request")}


def blank(match):
    """The same text without its contents, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())


TOKENS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def strip(text):
    """Without comments, strings and preprocessor lines: only braces that count are left."""
    return DIRECTIVE.sub(blank, TOKENS.sub(blank, text))


class Function:
    """One definition: where it is, how long, how many parameters, how deep."""

    def __init__(self, path, line, head, body):
        self.path, self.line = path, line
        self.name, arguments = re.search(r"(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)[^()]*$", head).groups()
        self.lines = body.count("\n") + 1
        self.parameters = count_parameters(arguments)
        self.nesting = nesting(body)

    def __str__(self):
        return f"{self.path}:{self.line}: {self.name}()"


def count_parameters(arguments):
    if arguments.strip() in ("", "void"):
        return 0
    depth, commas = 0, 0
    for c in arguments:
        depth += (c == "(") - (c == ")")
        commas += c == "," and depth == 0
    return commas + 1


def nesting(body):
    """Braces of control statements inside each other; initialisers do not count."""
    deepest, stack, start = 0, [], 1
    for i, c in enumerate(body[1:-1], 1):
        if c == "{":
            before = body[start:i].rstrip()
            stack.append(before.endswith((")", "else", "do")) and not before.endswith("="))
            deepest = max(deepest, sum(stack))
        elif c == "}" and stack:
            stack.pop()
        if c in "{};":
            start = i + 1
    return deepest


def functions(path, text):
    """Every `name(...) {` at the outermost level."""
    depth, start, head, opened = 0, 0, "", 0
    for i, c in enumerate(text):
        if c == "{":
            if depth == 0:
                head, opened = text[start:i], i
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                if is_function(head):
                    yield Function(path, text.count("\n", 0, opened) + 1, head,
                                   text[opened:i + 1])
                start = i + 1
        elif c == ";" and depth == 0:
            start = i + 1


def is_function(head):
    head = head.strip()
    return head.endswith(")") and "=" not in head and not head.startswith(("struct {", "enum"))


def sources():
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h"):
                yield path.relative_to(ROOT)


def lines_matching(files, pattern, stripped=True):
    """file:line: text of every match, in the code or (stripped=False) in all of the text."""
    for path, (raw, code) in files.items():
        text = code if stripped else raw
        for match in re.finditer(pattern, text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: {raw.splitlines()[line - 1].strip()}"


def includes(files):
    for path, (raw, _) in files.items():
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', raw, re.M):
            yield path, raw.count("\n", 0, match.start()) + 1, match.group(1)


def wrong_homes(files):
    for path, line, header in includes(files):
        for pattern, home in LIBRARY_HOME.items():
            if re.match(pattern, header) and not str(path).startswith(home + "/"):
                yield f"{path}:{line}: {header} belongs into {home} only"


def foreign_headers(files):
    """A daemon including another's header, or a library including a daemon's."""
    for path, line, header in includes(files):
        owner = header.split("/")[0]
        if "/" in header and owner in DAEMONS and path.parts[0] != owner:
            yield f"{path}:{line}: {header} is {owner}'s own"


def parsers(files):
    found = list(lines_matching(files, r"\bxmlCreatePushParserCtxt\s*\("))
    return found if len(found) > 1 else []


def rules(files, all_functions):
    """Name of each rule, and what breaks it."""
    return {
        f"functions have at most {FUNCTION_MAX} lines":
            [f"{f} has {f.lines} lines" for f in all_functions if f.lines > FUNCTION_MAX],
        f"files have at most {FILE_MAX} lines":
            [f"{p} has {raw.count(chr(10))} lines" for p, (raw, _) in files.items()
             if raw.count("\n") > FILE_MAX],
        f"functions have at most {PARAMETERS_MAX} parameters":
            [f"{f} has {f.parameters}" for f in all_functions if f.parameters > PARAMETERS_MAX
             and (str(f.path), f.name) not in DICTATED],
        "random numbers come from the kernel": list(
            lines_matching(files, r"\b[sd]?rand(om)?(_r|48)?\s*\(")),
        "an outside library is included in one folder": list(wrong_homes(files)),
        "daemons do not include each other": list(foreign_headers(files)),
        "there is one XML parser": parsers(files),
        "nothing is left to do": list(lines_matching(files, r"\b(TODO|FIXME|XXX)\b(?!\()",
                                                     stripped=False)),
    }


def spread(values):
    values = sorted(values) or [0]

    def at(share):
        return values[min(len(values) - 1, int(share * len(values)))]
    return f"median {at(.5)}, p90 {at(.9)}, p95 {at(.95)}, max {values[-1]}"


def main():
    files = {}
    for path in sources():
        raw = (ROOT / path).read_text()
        files[path] = (raw, strip(raw))
    found = [f for path, (_, code) in files.items() for f in functions(path, code)]
    sizes = {p: raw.count("\n") for p, (raw, _) in files.items()}
    print(f"{len(files)} files, {sum(sizes.values())} lines, {len(found)} functions")
    print("lines of functions: ", spread([f.lines for f in found]))
    print("lines of files:     ", spread(sizes.values()))
    print("parameters:         ", spread([f.parameters for f in found]))
    print("nesting:            ", spread([f.nesting for f in found]))
    if "--worst" in sys.argv:
        for f in sorted(found, key=lambda f: -f.lines)[:10]:
            print(f"  {f.lines:4} {f}")
        for path in sorted(sizes, key=lambda p: -sizes[p])[:10]:
            print(f"  {sizes[path]:4} {path}")
        for f in (f for f in found if f.nesting > 3):
            print(f"  nesting {f.nesting} {f}")
    broken = 0
    checked = rules(files, found)
    for name, breaches in checked.items():
        print(f"{'ok  ' if not breaches else 'FAIL'} {name}")
        print("".join(f"     {b}\n" for b in breaches), end="")
        broken += bool(breaches)
    print(f"{len(checked) - broken} passed, {broken} failed")
    return broken > 0


if __name__ == "__main__":
    sys.exit(main())
