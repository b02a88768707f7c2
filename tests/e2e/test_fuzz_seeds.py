"""The fuzzers begin with messages as they are."""
import importlib.util

from suite import ROOT

FUZZ = ROOT / "tests/fuzz"


def test_the_seeds_of_the_bus_are_those_of_its_table():
    spec = importlib.util.spec_from_file_location("bus_seeds", FUZZ / "bus_seeds.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {path.name: path.read_bytes() for path in (FUZZ / "seeds/bus").iterdir()}
    assert found == module.seeds(), "run tests/fuzz/bus_seeds.py"
