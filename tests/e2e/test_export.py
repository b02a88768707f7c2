"""XEP-0227 out of an instance, and into another."""
import os
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from im import befriend, put, send
from move import DOMAINS, PROSODY, export, import_, verdict
from test_ctl import controlling_terminal
from suite import AS_ROOT, BIN

pytestmark = pytest.mark.section("XEP-0227")
PIE = "{urn:xmpp:pie:0}"


@pytest.fixture
def source(make_suite, raw):
    """Alice with something of everything."""
    suite = make_suite(domains=DOMAINS, settings={"authd.export_keys": True})
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    put(alice, "bob@localhost", "Bob &amp; co", ["one", "two"])
    send(alice, "early@far.example", "subscribed")
    send(bob, "alice@localhost", "unsubscribe")
    send(bob, "alice@localhost", "subscribe")
    alice.iq("set", "<vCard xmlns='vcard-temp'><FN>Alice &lt;A&gt;</FN></vCard>")
    alice.iq("set", "<query xmlns='jabber:iq:private'><n xmlns='urn:n'><o xmlns=''/></n></query>")
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='evil.example'/></block>")
    for stream in (bob, alice):
        stream.ping()
    alice.close()
    bob.message("alice@localhost", "while you were out", id="m1")
    bob.ping()
    return suite


def test_what_goes_out_comes_in_just_so(source, make_suite, raw):
    text = export(source)
    target = make_suite(domains=DOMAINS, accounts={}, settings={"authd.export_keys": True})
    file = target.dir / "export.xml"
    file.write_text(text)
    assert import_(target, file)[0] == (2, 0, 0, 0)
    assert import_(target, file)[0] == (0, 0, 2, 0)
    assert canonical(export(target)) == canonical(text)
    assert verdict(target, raw, "alice", "wonderland-1", "SCRAM-SHA-256", "localhost") == "success"
    assert verdict(target, raw, "bob", "builder-2", "SCRAM-SHA-1", "localhost") == "success"


def canonical(text):
    """Sorted: there is no order among contacts."""
    root = ET.fromstring(text)
    for element in root.iter():
        if element.tag == PIE + "offline-messages":
            for message in element:
                for old in message.findall("{urn:xmpp:sid:0}stanza-id"):
                    message.remove(old)
                    message.append(old)
        element[:] = sorted(element, key=ET.tostring)
        element.tail = None
    return ET.tostring(root)


def test_everything_is_in_it(source):
    text = export(source, "alice@localhost")
    [user] = ET.fromstring(text).iter(PIE + "user")
    assert user.get("name") == "alice" and user.get("password") is None
    assert [c.get("mechanism") for c in user.findall("{urn:xmpp:pie:0#scram}scram-credentials")] == [
        "SCRAM-SHA-1", "SCRAM-SHA-256"]
    assert user.findtext("{vcard-temp}vCard/{vcard-temp}FN") == "Alice <A>"
    assert user.find("{jabber:iq:private}query/{urn:n}n/o") is not None
    assert user.find("{jabber:iq:privacy}query/*/{jabber:iq:privacy}item").get("value") == "evil.example"
    [message] = user.find(PIE + "offline-messages")
    assert message.findtext("{jabber:client}body") == "while you were out"
    assert message.get("from").startswith("bob@localhost/") and message.find("{urn:xmpp:delay}delay") is not None
    items = {i.get("jid"): i for i in user.iter("{jabber:iq:roster}item")}
    assert items["bob@localhost"].get("name") == "Bob & co"
    assert sorted(g.text for g in items["bob@localhost"]) == ["one", "two"]
    assert items["early@far.example"].get("approved") == "true"


@pytest.mark.parametrize("keys", [True, False])
def test_who_is_disabled_stays_disabled_on_the_way(source, make_suite, raw, keys):
    source.ctl("user", "disable", "alice@localhost", "--reason", "unpaid & late")
    source.edit(**{"authd.export_keys": keys})
    source.restart()
    text = export(source)
    disabled = {u.get("name"): u.findtext("{https://bulkhead.example/export}disabled") for u in ET.fromstring(text)[0]}
    assert disabled == {"alice": "unpaid & late", "bob": None}
    target = make_suite(domains=DOMAINS, accounts={} if keys else {
        "alice@localhost": "wonderland-1", "bob@localhost": "builder-2"})
    file = target.dir / "export.xml"
    file.write_text(text)
    assert import_(target, file)[0] == ((2, 0, 0, 0) if keys else (0, 2, 0, 0))
    [row] = target.rows("user", "show", "alice@localhost")
    assert (row["state"], row["reason"]) == ("disabled", "unpaid & late")
    assert verdict(target, raw, "alice", "wonderland-1", "SCRAM-SHA-256", "localhost") == "account-disabled"
    assert verdict(target, raw, "bob", "builder-2", "SCRAM-SHA-256", "localhost") == "success"


def test_a_domain_or_one_account_or_all(source):
    import_(source, PROSODY)

    def names(*which):
        return [(h.get("jid"), u.get("name")) for h in ET.fromstring(export(source, *which)).iter(PIE + "host")
                for u in h]
    ours, theirs = [("localhost", "alice"), ("localhost", "bob")], [("p.example", f"u{n}") for n in (1, 2, 3)]
    assert names() == ours + theirs
    assert names("p.example") == theirs and names("bob@localhost") == ours[1:]
    assert source.ctl("export", "nobody@localhost").returncode == 1
    assert source.ctl("export", "nowhere.example").returncode != 0 or names("nowhere.example") == []


def test_the_file_is_its_owner_s_alone_and_whole(source):
    file = source.dir / "out.xml"
    file.write_text("old")
    file.chmod(0o644)
    assert source.ctl("export", "--out", file).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and "alice" in file.read_text()
    assert not (source.dir / "out.xml.part").exists()
    assert source.ctl("export", "--out", source.dir / "none" / "x").returncode == 1


def test_what_is_no_file_is_written_to_and_not_replaced(source):
    """/dev/null, a pipe of the shell's: root could put a file in its place."""
    pipe, link = source.dir / "pipe", source.dir / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for name in (pipe, link):
        assert source.ctl("export", "--out", name).returncode == 0
        assert pipe.is_fifo() and link.is_symlink()
        assert b"scram-credentials" in os.read(end, 1 << 20)
    os.close(end)
    done = source.ctl("export", "--out", source.dir)
    assert done.returncode == 1 and "directory" in done.stderr
    assert source.ctl("export", "--out", "/dev/null").returncode == 0 and Path("/dev/null").is_char_device()


def test_a_link_stays_and_its_file_is_replaced(source):
    file, link = source.dir / "linked.xml", source.dir / "link.xml"
    file.touch()
    link.symlink_to(file)
    assert source.ctl("export", "--out", link).returncode == 0
    assert link.is_symlink() and "scram-credentials" in file.read_text()
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_another_s_pipe_is_given_no_secrets(source):
    assert AS_ROOT, "only root can give a pipe away"
    pipe = source.dir / "trap"
    os.mkfifo(pipe, 0o622)
    os.chown(pipe, 65534, 65534)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    done = source.ctl("export", "--out", pipe)
    assert done.returncode == 1 and "belongs to somebody else" in done.stderr
    assert os.read(end, 1) == b""
    os.close(end)


def test_keys_stay_with_authd_unless_it_is_told_to_give_them(suite):
    done = suite.ctl("export")
    assert done.returncode == 0 and "authd.export_keys is off" in done.stderr
    assert "scram-credentials" not in done.stdout and "alice" in done.stdout
    suite.edit(**{"authd.export_keys": True})
    suite.reload()
    suite.log.wait("reload")
    from suite import eventually
    eventually(lambda: "scram-credentials" in suite.ctl("export").stdout, "the keys")


def test_a_terminal_does_not_show_it_unasked(suite):
    import os
    import pty
    import subprocess
    main, terminal = pty.openpty()
    process = subprocess.run([BIN / "bulkheadctl", "-d", suite.home, "export"], stdin=terminal, stdout=terminal,
                             stderr=subprocess.PIPE, text=True, start_new_session=True,
                             preexec_fn=controlling_terminal, timeout=30, check=False)
    os.close(terminal)
    os.close(main)
    assert process.returncode == 2 and "--out" in process.stderr
