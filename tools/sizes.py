"""What the MSP430 image takes: `python -m tools.sizes [ELF]`. Program against FRAM, static data and deepest stack
against RAM.

The stack is proven from the machine code, not measured: every path of every function is walked with its stack depth,
calls add up, and one interrupt (they do not nest) may come at the deepest place. What cannot be proven is an error:
recursion, calls through registers, a stack that moves in other ways; so are calls of the compiler's arithmetic library.
"""
from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from edge.boards import load_solver_board
from edge.bridge.elf import loaded, symbols
from edge.errors import BridgeError

IMAGE = Path(__file__).parents[1] / "firmware" / "msp430fr2433" / "build" / "masque.elf"

RETURN_BYTES, INTERRUPT_BYTES = 2, 4
"""What a call, and an interrupt (program counter and status), put on the stack."""

INTERRUPTS = ("isr_uart", "isr_adc", "isr_ms")

LIBRARY = re.compile(r"__mspabi_|__(mul|div|udiv|mod|umod|ashl|ashr|lshr|add|sub|float|fix)[a-z]*[0-9]")
"""Multiplication, division, variable shifts and floats that the compiler would call by these names."""


@dataclass
class Function:
    """Bytes that it puts on the stack itself; (callee, bytes on the stack when it is called)."""

    own: int = 0
    calls: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Instruction:
    """One line of a disassembly."""

    name: str
    operands: str
    after: int


@dataclass(frozen=True)
class Sizes:
    """Bytes. chain: the functions of the deepest stack, from the start; interrupt: the deepest of them."""

    program: int
    static: int
    stack: int
    interrupt: str
    chain: list[str]

    @property
    def ram(self) -> int:
        """Static data and deepest stack together."""
        return self.static + self.stack


def disassembled(image: Path) -> str:
    """llvm-objdump's listing. Raises BridgeError where that is not installed."""
    program = shutil.which("llvm-objdump")
    if program is None:
        raise BridgeError("llvm-objdump is not installed; on Debian: sudo apt install llvm")
    return subprocess.run([program, "-d", "--no-show-raw-insn", str(image)], capture_output=True, text=True,
                          check=True).stdout


def instructions(listing: str) -> dict[int, Instruction]:
    """Address → instruction."""
    lines = re.findall(r"^ +([0-9a-f]+): +\t?(\S+)(?:\t(.*))?$", listing, re.MULTILINE)
    places = [int(address, 16) for address, _, _ in lines] + [0x10000]
    return {places[i]: Instruction(name, operands.strip(), places[i + 1])
            for i, (_, name, operands) in enumerate(lines)}


def walked(code: dict[int, Instruction], start: int) -> Function:
    """A function's own stack and its calls, along all of its paths. A jump elsewhere that leaves nothing on the stack
    is followed as if it were part of it."""
    function, waiting = Function(), [(start, 0)]
    depths: dict[int, int] = {}
    while waiting:
        address, depth = waiting.pop()
        if address in depths:
            if depths[address] != depth:
                raise BridgeError(f"at {address:#06x} the stack holds {depths[address]} or {depth} bytes: not provable")
            continue
        if address not in code:
            raise BridgeError(f"a path leads to {address:#06x}, where no instruction is")
        depths[address] = depth
        step, nexts = _stepped(address, code[address], depth, function)
        function.own = max(function.own, step)
        waiting += [(following, step) for following in nexts]
    return function


def _stepped(address: int, at: Instruction, depth: int, function: Function) -> tuple[int, list[int]]:
    """The depth after an instruction, and where it may go on."""
    if at.name in ("ret", "reti"):
        if depth:
            raise BridgeError(f"at {address:#06x} a function returns with {depth} bytes on the stack")
        return depth, []
    if at.name == "call":
        function.calls.append((_constant(at, address), depth))
        return depth, [at.after]
    if at.name == "br":
        return depth, [] if at.operands.startswith("&") else [_constant(at, address)]
    if (jump := re.fullmatch(r"\$([+-]\d+)", at.operands)) is not None:
        target = address + int(jump[1])
        return depth, [target] if at.name == "jmp" else [target, at.after]
    if at.name in ("push", "push.b"):
        depth += 2
    elif at.name == "pop":
        depth -= 2
    elif (moved := re.fullmatch(r"#(-?\d+), r1", at.operands)) is not None and at.name in ("add", "sub"):
        depth += int(moved[1]) * (1 if at.name == "sub" else -1)
    elif re.search(r"(^|, )r1$", at.operands) and not _leaves_stack(at, depth):
        raise BridgeError(f"at {address:#06x} the stack is moved by `{at.name} {at.operands}`: not provable")
    return depth, [at.after]


def _leaves_stack(at: Instruction, depth: int) -> bool:
    """Whether an instruction with the stack pointer as its target only looks at it, or sets it at the very start."""
    looks = at.name.startswith(("cmp", "tst", "bit"))
    return looks or (at.name == "mov" and at.operands.startswith("#") and depth == 0)


def _constant(at: Instruction, address: int) -> int:
    found = re.fullmatch(r"#(\d+)", at.operands)
    if found is None:
        raise BridgeError(f"at {address:#06x} `{at.name} {at.operands}` goes where a register says: not provable")
    return int(found[1])


def deepest(code: dict[int, Instruction], start: int, under: tuple[int, ...] = ()) -> tuple[int, list[int]]:
    """(bytes, addresses of the functions) of the deepest stack that begins with a function. Raises on recursion."""
    if start in under:
        raise BridgeError("recursion: " + " → ".join(f"{address:#06x}" for address in (*under, start)))
    function = walked(code, start)
    most, chain = function.own, [start]
    for callee, depth in function.calls:
        below, through = deepest(code, callee, (*under, start))
        if depth + RETURN_BYTES + below > most:
            most, chain = depth + RETURN_BYTES + below, [start, *through]
    return most, chain


def sizes_of(image: Path) -> Sizes:
    """All figures of an image. Raises BridgeError for what it must not contain or what cannot be proven."""
    table = symbols(image)
    if called := sorted(name for name in table if LIBRARY.match(name)):
        raise BridgeError(f"{image}: calls the compiler's library ({', '.join(called)}); write it with mac.h or "
                          f"without")
    names = {address: name for name, address in table.items()}
    code = instructions(disassembled(image))
    stack, chain = deepest(code, table["reset"])
    interrupts = {name: INTERRUPT_BYTES + deepest(code, table[name])[0] for name in INTERRUPTS}
    interrupt = max(interrupts, key=interrupts.__getitem__)
    return Sizes(len(loaded(image)), table["__bss_end"] - table["__bss_start"], stack + interrupts[interrupt],
                 interrupt, [names.get(address, f"{address:#06x}") for address in chain])


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("image", type=click.Path(path_type=Path), default=IMAGE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sizes(image: Path, as_json: bool) -> None:
    """What the MSP430 image takes of FRAM and RAM; exit 1 when it is more than the board has or the budget allows."""
    board, found = load_solver_board("msp430fr2433"), sizes_of(image)
    limits = {"program": (found.program, board.budget.program_bytes.value, board.chip.program_bytes.value),
              "ram": (found.ram, board.budget.ram_bytes.value, board.chip.ram_bytes.value)}
    if as_json:
        click.echo(json.dumps({**asdict(found), "ram": found.ram}, indent=2))
    else:
        for name, (taken, budget, there) in limits.items():
            click.echo(f"{name:8} {taken:6,} B of {budget:,} B in the budget, {there:,} B on the chip")
        click.echo(f"stack    {found.stack:6,} B at most, proven: {' → '.join(found.chain)}, then {found.interrupt}")
    for name, (taken, budget, _) in limits.items():
        if taken > budget:
            raise click.ClickException(f"{name} takes {taken:,} B; the budget of msp430fr2433 is {budget:,} B")


if __name__ == "__main__":
    sizes()
