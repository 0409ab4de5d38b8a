"""Who may import whom, read from the sources: the house of DESIGN keeps its rooms, heavy libraries their one door."""
from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = ("board_configs", "edge", "quantize", "tools")

PURE = ("edge.frame", "edge.errors", "edge.preprocess", "edge.keyframe", "edge.matting", "edge.composite",
        "edge.effects", "edge.refine", "edge.steadiness", "edge.guide", "edge.motion", "edge.native",
        "edge.bridge.words", "edge.bridge.framing", "edge.bridge.points", "edge.bridge.cut", "edge.bridge.graph",
        "edge.bridge.self_test", "edge.kiosk.session")
"""Rooms without hardware and without files: arrays in, arrays out."""

PURE_LIBRARIES = {"numpy", "cv2"}

OUTSIDE = {"os", "io", "pathlib", "shutil", "tempfile", "glob", "subprocess", "socket", "ctypes", "mmap", "sqlite3",
           "urllib", "http", "fcntl", "termios"}
"""Modules of the standard library through which a pure room would touch files, devices or the network."""

TOUCHING = {"open", "imread", "imwrite", "VideoCapture", "VideoWriter", "load", "save", "loadtxt", "savetxt",
            "fromfile", "tofile", "memmap"}
"""Calls that read or write files or cameras."""

DOORS = {
    "ai_edge_litert": {"edge/segment/runtime.py", "quantize/tflite/schema.py"},
    "tflite_runtime": {"edge/segment/runtime.py"},
    "av": {"edge/sinks/mp4.py"},
    "PIL": {"edge/photograph.py", "edge/kiosk/overlay.py"},
    "segno": {"edge/kiosk/sharing.py"},
    "uvicorn": {"edge/kiosk/server.py"},
    "fastapi": {"edge/kiosk/app.py", "edge/kiosk/routes_session.py", "edge/kiosk/routes_photos.py",
                "edge/kiosk/routes_uploads.py", "edge/kiosk/routes_admin.py"},
    "starlette": {"edge/kiosk/app.py", "edge/kiosk/door.py", "edge/kiosk/rights.py", "edge/kiosk/routes_uploads.py"},
    "pydantic": {"edge/kiosk/shapes.py"},
    "prometheus_client": {"edge/kiosk/figures.py"},
    "playwright": {"tools/kiosk_screens.py", "tools/bench/kiosk_screen.py"},
    "scipy": set(),
    "serial": {"edge/bridge/ports.py"},
    "tensorflow": {"quantize/network.py"},
    "tf_keras": {"quantize/network.py"},
    "keras": set(),
}
"""Heavy library → the only files that may import it. tools may use Pillow as well: nothing there runs on a device."""

LONGEST = 400
"""Lines in a source file; DESIGN asks for 60 to 250."""

NAMES_THAT_SAY_NOTHING = re.compile(r"(util|helper|misc|manager|handler|base|common)s?")


def sources(*rooms: str) -> dict[str, ast.Module]:
    """Path relative to the repository → parsed source, for every Python file of the rooms."""
    files = sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"), path.as_posix())
            for path in files}


def module_of(path: str) -> str:
    """edge/cli/__init__.py → edge.cli"""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree: ast.Module, module: str = "") -> Iterator[str]:
    """Every module that a source imports, anywhere in it; `from a import b` gives a and a.b, strings count too.

    Strings: what `importlib.import_module` or a table of modules may name, such as "quantize.cli".
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_module(node.value):
            yield node.value


def _names_module(text: str) -> bool:
    return bool(re.fullmatch(r"(edge|quantize|tools|ai_edge_litert|tflite_runtime)(\.[a-z_]\w*)+", text))


def inside(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def offenders(rooms: tuple[str, ...], forbidden) -> list[str]:
    """`file imports module` for each import of the rooms that `forbidden(path, name)` objects to."""
    return [f"{path} imports {name}" for path, tree in sources(*rooms).items()
            for name in imports(tree, module_of(path)) if forbidden(path, name)]


@pytest.mark.parametrize(("source", "seen"), [
    ("import tools.demo", "tools.demo"),
    ("from tools import demo", "tools.demo"),
    ("def f():\n    import tools", "tools"),
    ("if TYPE_CHECKING:\n    from tools.demo import Clip", "tools.demo"),
    ("COMMANDS = {'demo': ('tools.demo', 'help')}", "tools.demo"),
    ("from . import camera", "edge.camera"),
    ("from .camera import demo", "edge.camera"),
])
def test_an_import_is_seen_however_it_is_written(source: str, seen: str) -> None:
    assert seen in set(imports(ast.parse(source), "edge.live"))


def test_edge_never_imports_quantize_or_tools() -> None:
    assert not offenders(("edge", "board_configs"), lambda _, name: inside(name, "quantize") or inside(name, "tools"))


def test_nobody_but_tools_imports_tools() -> None:
    assert not offenders(("board_configs", "edge", "quantize"), lambda _, name: inside(name, "tools"))


def test_quantize_imports_edge_but_not_its_doors_to_people_and_hardware() -> None:
    closed = ("edge.cli", "edge.camera", "edge.bridge", "edge.kiosk", "edge.sinks", "edge.live")

    def forbidden(path: str, name: str) -> bool:
        if path == "quantize/judge/flicker.py" and inside(name, "edge.live"):
            return False  # flicker is what viewers of the live path see; measured anywhere else it is another figure
        if path.startswith(("quantize/projection/", "quantize/cli/projection.py")) and any(
                inside(name, f"edge.bridge.{module}") for module in ("points", "sounds", "words")):
            return False  # tables are judged by the chip's own integers, on sounds as its converter gives them
        if path.startswith("quantize/cli/") and inside(name, "edge.cli"):
            return (name not in ("edge.cli", "edge.cli.run", "edge.cli.CommandTable")
                    and not inside(name, "edge.cli.options"))
        return any(inside(name, room) for room in closed)

    assert not offenders(("quantize",), forbidden)


def test_the_kiosk_is_the_top_of_edge() -> None:
    """Only the command line starts it; it does not know the command line."""
    assert not offenders(("edge",), lambda path, name: inside(name, "edge.kiosk")
                         and not path.startswith(("edge/kiosk/", "edge/cli/")))
    assert not offenders(("edge",), lambda path, name: path.startswith("edge/kiosk/") and inside(name, "edge.cli"))


def test_board_configs_import_nothing() -> None:
    assert not offenders(("board_configs",), lambda _, name: name != "__future__")


def test_pure_rooms_import_arrays_and_each_other() -> None:
    allowed = PURE_LIBRARIES | (set(sys.stdlib_module_names) - OUTSIDE)

    def forbidden(path: str, name: str) -> bool:
        if not any(inside(module_of(path), room) for room in PURE):
            return False
        if name == "edge" or name.startswith("edge."):
            return not any(inside(name, room) or room == name for room in PURE)
        return name.split(".")[0] not in allowed

    assert not offenders(("edge",), forbidden)


def test_pure_rooms_touch_neither_files_nor_devices() -> None:
    touching = []
    for path, tree in sources("edge").items():
        if not any(inside(module_of(path), room) for room in PURE):
            continue
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in TOUCHING:
                touching.append(f"{path}:{node.lineno} calls {name}")
    assert not touching


def test_every_pure_room_exists() -> None:
    modules = {module_of(path) for path in sources("edge")}
    assert set(PURE) <= modules


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_enters_by_its_door_only(library: str) -> None:
    rooms = ("board_configs", "edge", "quantize") + (("tools",) if library != "PIL" else ())
    assert not offenders(rooms, lambda path, name: inside(name, library) and path not in DOORS[library])


@pytest.mark.parametrize(("modules", "without"), [
    ("edge.still", "scipy"),
    ("edge.still, edge.live, edge.segment.tflite", "scipy av PIL ai_edge_litert tflite_runtime tensorflow tf_keras"),
    ("edge.cli", "numpy cv2 scipy PIL msgspec"),
    ("edge.cli.live, edge.cli.matte, edge.cli.kiosk, edge.kiosk.live_process, edge.kiosk.cutter",
     "fastapi starlette uvicorn pydantic prometheus_client"),
    ("quantize.cli", "tensorflow tf_keras cv2"),
    ("quantize.evaluate", "tensorflow tf_keras"),
    ("quantize.judge.parts, quantize.judge.wide, quantize.judge.flicker", "tensorflow tf_keras av scipy"),
])
def test_importing_loads_nothing_that_is_not_needed_yet(modules: str, without: str) -> None:
    script = f"import sys, {modules}; print(*(set({without.split()!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "", f"import {modules} loads {done.stdout.strip()}"


def test_no_source_file_is_longer_than_a_reader_can_hold() -> None:
    endings = (".py", ".c", ".h", ".js", ".css", ".html")
    files = [path for room in (*ROOMS, "firmware", "tests") for path in (ROOT / room).rglob("*")
             if path.suffix in endings and "node_modules" not in path.parts]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not {path: count for path, count in lengths.items() if count > LONGEST}


def test_module_names_say_what_is_inside() -> None:
    parts = {(path, part) for path in sources(*ROOMS) for part in module_of(path).split(".")}
    assert not [path for path, part in parts if NAMES_THAT_SAY_NOTHING.fullmatch(part)]


def undocumented(tree: ast.Module, path: str) -> Iterator[str]:
    """Public modules, classes, functions and methods without a docstring; overrides are explained where they began."""
    if not ast.get_docstring(tree):
        yield path
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{path}:{node.lineno} {node.name}"
        if isinstance(node, ast.ClassDef) and not node.bases:
            yield from (f"{path}:{inner.lineno} {node.name}.{inner.name}" for inner in node.body
                        if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                        and not ast.get_docstring(inner))


def test_everything_public_says_what_it_is() -> None:
    missing = [line for path, tree in sources("edge", "quantize", "tools").items()
               if not path.endswith("__main__.py") for line in undocumented(tree, path)]
    assert not missing


def test_a_missing_docstring_is_noticed() -> None:
    tree = ast.parse('"""Doc."""\nclass A:\n    """Doc."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...')
    assert list(undocumented(tree, "a.py")) == ["a.py:4 A.f", "a.py:6 h"]
