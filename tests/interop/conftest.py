"""The lab: our server, a DNS server, an authority, and one of the others at a time; and the matrix."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))

from lab import MECHANISMS, Lab  # noqa: E402
from peers import PEERS  # noqa: E402

cells = {}  # (peer, mechanism, direction) -> what to print


def impossible(peer, mechanism):
    """Why the peer cannot do it; None where it can."""
    if mechanism == "direct TLS" and not peer.direct_tls:
        return "it knows no direct TLS between servers"
    if mechanism == "EXTERNAL" and not peer.external:
        return "it has no SASL between servers"
    if mechanism == "both ways" and not peer.bidi:
        return "it knows no streams for both directions"
    return None


POSSIBLE = [(p, m) for p in PEERS for m in MECHANISMS if impossible(p, m) is None]


@pytest.fixture(scope="module", params=POSSIBLE, ids=lambda c: f"{c[0].name}-{c[1]}")
def lab(request):
    made = Lab(*request.param)
    try:
        made.start()
        yield made
        made.finish()
    finally:
        made.remove()


@pytest.fixture
def cell():
    """Notes that a cell of the matrix is shown."""
    def note(lab, direction, how):
        cells[lab.peer.name, lab.mechanism, direction] = how
    return note


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    made = getattr(item, "funcargs", {}).get("lab")
    if report.failed and made is not None:
        report.sections += [("our log", "\n".join(made.ours.log.lines[-60:])),
                            (f"{made.peer.name}'s log", made.peer.log()[-6000:])]


def pytest_terminal_summary(terminalreporter):
    write = terminalreporter.write_line
    write("peer       direction  mechanism   result")
    for peer in PEERS:
        for direction in ("to it", "from it"):
            for mechanism in MECHANISMS:
                why = impossible(peer, mechanism)
                result = f"impossible: {why}" if why else cells.get(
                    (peer.name, mechanism, direction), "FAILED")
                write(f"{peer.name:10} {direction:10} {mechanism:11} {result}")
