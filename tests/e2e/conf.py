"""Reads, changes and writes bulkhead.conf: settings, and sections with or without a title."""
import re

TOKEN = re.compile(r"""\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<mark>\+=|[={},])
    |(?P<word>[^\s"'={},\#]+)""", re.X | re.S)


def tokens(text):
    for match in TOKEN.finditer(text):
        if match.lastgroup:
            value = match.group()
            if match.lastgroup == "string":
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            yield match.lastgroup, value


class Section:
    """An ordered set of settings; its sections are known by (name, title)."""

    def __init__(self):
        self.settings, self.sections = {}, {}

    @classmethod
    def parse(cls, text):
        top = cls()
        top._read(list(tokens(text)), 0)
        return top

    def _read(self, stream, at):
        while at < len(stream) and stream[at] != ("mark", "}"):
            name, at = stream[at][1], at + 1
            if stream[at] in (("mark", "="), ("mark", "+=")):
                at = self._value(name, stream, at + 1)
                continue
            title = None
            if stream[at][0] != "mark":
                title, at = stream[at][1], at + 1
            at = self.section(name, title)._read(stream, at + 1) + 1
        return at

    def _value(self, name, stream, at):
        if stream[at] != ("mark", "{"):
            self.settings[name] = stream[at][1]
            return at + 1
        end = stream.index(("mark", "}"), at)
        self.settings[name] = [value for kind, value in stream[at:end] if kind != "mark"]
        return end + 1

    def section(self, name, title=None):
        return self.sections.setdefault((name, title), Section())

    def set(self, path, value):
        """path: "c2sd.listen", or 'domain "example.test".certificate'; None takes it away."""
        *names, setting = re.findall(r'[^."]+(?:"[^"]*")?', path)
        place = self
        for name in names:
            name, _, title = name.partition('"')
            place = place.section(name.strip(), title.rstrip('"') or None)
        if value is None:
            place.settings.pop(setting, None)
        else:
            place.settings[setting] = value

    def text(self, indent=""):
        lines = [f"{indent}{name} = {literal(value)}" for name, value in self.settings.items()]
        for (name, title), section in self.sections.items():
            lines.append(f"{indent}{name}{'' if title is None else ' ' + quote(title)} {{")
            lines += [section.text(indent + "\t"), f"{indent}}}"]
        return "\n".join(line for line in lines if line)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(literal(v) for v in value) + "}"
    return value if value in ("true", "false") or value.isdigit() else quote(value)
