"""What the image takes is proven from its machine code, and what cannot be proven is refused."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from built_firmware import needs
from click.testing import CliRunner

from edge.boards import load_solver_board
from edge.errors import BridgeError
from tools import sizes as tool
from tools.sizes import deepest, instructions, sizes_of

PROGRAM, RAM, CLASSIFY_RAM = 15_360, 4_096, 400


def compiled(tmp_path: Path, source: str) -> Path:
    """An image from a few lines of C, with our start-up's names and interrupts that do nothing."""
    needs("clang", "ld.lld")
    (tmp_path / "a.c").write_text(source + "\nvoid isr_uart(void){} void isr_adc(void){} void isr_ms(void){}\n"
                                  "char __bss_start[1], __bss_end[1];\n", encoding="ascii")
    subprocess.run(["clang", "--target=msp430-none-elf", "-O1", "-ffreestanding", "-c", "a.c", "-o", "a.o"],
                   cwd=tmp_path, check=True)
    subprocess.run(["ld.lld", "-e", "reset", "-Ttext=0xC400", "--unresolved-symbols=ignore-all", "a.o", "-o", "a.elf"],
                   cwd=tmp_path, check=True)
    return tmp_path / "a.elf"


def test_the_image_fits_the_chip_and_the_budget(images: Path) -> None:
    found, board = sizes_of(images / "masque.elf"), load_solver_board("msp430fr2433")
    assert found.program <= min(PROGRAM, board.budget.program_bytes.value)
    assert found.ram <= min(RAM, board.budget.ram_bytes.value)
    assert found.chain[:2] == ["reset", "main"] and found.stack > 40


def test_projecting_and_classifying_take_few_bytes_of_ram(images: Path) -> None:
    """Static data of the projection (two signals on their way) and the stack under classify; nothing of a signal is
    kept."""
    code = instructions(tool.disassembled(images / "masque.elf"))
    table = tool.symbols(images / "masque.elf")
    stack = max(deepest(code, table[name])[0] for name in ("classify", "projection_take", "projection_start"))
    assert 2 * 10 + stack <= CLASSIFY_RAM


def test_the_command_tells_and_fails_over_the_budget(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = CliRunner().invoke(tool.sizes, [str(images / "masque.elf"), "--json"])
    assert told.exit_code == 0 and json.loads(told.output)["ram"] <= RAM
    tight = load_solver_board("msp430fr2433")
    monkeypatch.setattr(tool, "load_solver_board", lambda name: tight)
    monkeypatch.setattr(tool, "sizes_of", lambda image: tool.Sizes(14_337, 1, 1, "isr_ms", []))
    over = CliRunner().invoke(tool.sizes, [str(images / "masque.elf")])
    assert over.exit_code == 1 and "program takes 14,337 B; the budget of msp430fr2433 is 14,336 B" in over.output


@pytest.mark.parametrize(("source", "said"), [
    ("int f(int n){ return n ? f(n - 1) + (int)&n : 0; } void reset(void){ f(3); }", "recursion"),
    ("void (*volatile f)(void); void reset(void){ f(); }", "goes where a register says"),
    ("int a, b; extern int __mspabi_mpyi(int, int); void reset(void){ a = __mspabi_mpyi(a, b); }", "__mspabi_mpyi"),
    ("int a, b; extern int __mspabi_divi(int, int); void reset(void){ a = __mspabi_divi(a, b); }", "__mspabi_divi"),
    ("volatile float a; void reset(void){ a = a + 1.5f; }", "__mspabi_addf"),
    ("volatile long a; void reset(void){ a = a * a; }", "__mspabi_mpyl"),
    ("void reset(void){ __asm__(\"mov r12, r13\\n sub r12, r1\"); }", "the stack is moved by"),
    ("void reset(void){ __asm__(\"push r12\"); }", "returns with 2 bytes on the stack"),
], ids=["recursion", "pointer", "multiplication", "division", "floats", "32 bits", "moved stack", "push"])
def test_what_is_forbidden_or_not_provable_is_refused(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(BridgeError, match=said):
        sizes_of(compiled(tmp_path, source))


def test_stacks_add_up_along_the_deepest_chain(tmp_path: Path) -> None:
    source = ("__attribute__((noinline)) void c(void){ __asm__(\"push r12\\n push r12\\n incd r1\\n pop r12\"); }"
              "__attribute__((noinline)) void b(void){ __asm__(\"push r12\\n call #c\\n pop r12\"); }"
              "void reset(void){ __asm__(\"call #b\"); }")
    with pytest.raises(BridgeError, match="the stack is moved by `incd r1`"):
        sizes_of(compiled(tmp_path, source))
    found = sizes_of(compiled(tmp_path, source.replace("incd r1\\n pop r12", "pop r12\\n pop r12")))
    assert found.stack == (2 + (2 + 2) + 4) + 4, "reset calls b, b has pushed 2 and calls c, c pushes 4; an interrupt"
