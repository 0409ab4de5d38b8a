"""Packaging. Import names are the folder names; the distribution is `masque`."""
import shutil
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

RUNTIME = [
    "numpy>=1.26,<3",
    "opencv-python-headless>=4.10,<6",
    "pillow>=11.3,<14",
    "msgspec>=0.20,<0.23",
    "click>=8.1,<9",
]
LITERT = "ai-edge-litert>=2.1,<3"
VIDEO = "av>=15,<19"

EXTRAS = {
    # One TFLite runtime. picamera2 comes with Raspberry Pi OS (python3-picamera2), never through pip.
    "pi": [LITERT],
    # libedgetpu.so.1 was built against older runtimes; a Coral board stays on Python 3.11 and numpy 1.
    "coral": ["tflite-runtime==2.14.0; python_version<'3.12'", "numpy<2", "opencv-python-headless<4.12"],
    "desk": [LITERT, VIDEO],
    "video": [VIDEO],
    "bridge": ["pyserial>=3.5,<4"],
    "flash": ["pyserial>=3.5,<4", "mpremote>=1.22,<2"],
    "kiosk": [
        VIDEO, "pyserial>=3.5,<4", "segno>=1.6,<2", "fastapi>=0.165,<1", "uvicorn>=0.54,<1",
        "python-multipart>=0.0.34,<1", "prometheus-client>=0.26,<1",
    ],
    "quantize": [
        LITERT,
        "tensorflow-cpu==2.19.1; platform_machine=='x86_64' and python_version<'3.13'",
        "tensorflow==2.19.1; platform_machine=='aarch64' and python_version<'3.13'",
        "tf-keras==2.19.0; python_version<'3.13'",
        "tensorflow-model-optimization==0.8.1; python_version<'3.13'",
        "matplotlib>=3.9,<4",
    ],
    "bundle": ["packaging>=24", "setuptools>=77", "wheel"],
    "bench": ["psutil>=6,<8"],
    "dev": [
        "pytest>=8,<10", "pytest-xdist>=3.6,<4", "hypothesis>=6.100,<7", "ruff>=0.8,<1", "mypy>=1.13,<3",
        "build>=1.2,<2", "setuptools>=77", "wheel", "httpx>=0.28,<1", "schemathesis>=4,<5", "playwright>=1.49,<2",
        "micropython-rp2-stubs>=1.27,<1.28",
    ],
}


def compiled(name: str, sources: str, flags: tuple[str, ...] = ()) -> Extension:
    """A module of edge/native in plain C against the stable ABI: one build serves every Python from 3.11 on."""
    return Extension(
        f"edge.native.{name}",
        sources=[f"edge/native/{source}.c" for source in ("arrays", *sources.split())],
        depends=["edge/native/arrays.h", "edge/native/loops.h", "edge/native/matting.h"],
        define_macros=[("Py_LIMITED_API", "0x030B0000")],
        py_limited_api=True,
        # Python is built with -fwrapv, which keeps loops over int from becoming vectors; so does fear of traps.
        extra_compile_args=["-std=c99", "-O3", "-fno-wrapv", "-fno-math-errno", "-fno-trapping-math", *flags,
                            "-Wall", "-Wextra"],
    )


class BuildWithImages(build_py):
    """A wheel also carries what `masque flash` writes: the Pico's files, and where clang is installed the MSP430's
    image. Without it `make -C firmware/msp430fr2433` builds that in a checkout."""

    def run(self) -> None:
        super().run()
        firmware, shipped = Path(__file__).parent / "firmware", Path(self.build_lib) / "tools" / "flash" / "shipped"
        if self.editable_mode or not firmware.is_dir():
            return
        shutil.copytree(firmware / "micropython", shipped / "pico", ignore=shutil.ignore_patterns("__pycache__"),
                        dirs_exist_ok=True)
        if all(shutil.which(tool) for tool in ("make", "clang", "ld.lld", "llvm-objcopy")):
            subprocess.run(["make", "-s", "-C", firmware / "msp430fr2433"], check=True)
            shutil.copy2(firmware / "msp430fr2433" / "build" / "masque.elf", shipped)
        else:
            self.warn("clang, lld or llvm is missing: the wheel has no image for the MSP430FR2433")


LOOPS = compiled("loops", "door shrink guided outline settle enlarge blend carry")
MATTING = compiled("matting", "matting_door band laplacian neighbours cells samples solve foreground",
                   ("-ffp-contract=fast",))

setup(
    install_requires=RUNTIME,
    extras_require=EXTRAS,
    ext_modules=[LOOPS, MATTING],
    cmdclass={"build_py": BuildWithImages},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    packages=["board_configs", "edge", "edge.bridge", "edge.camera", "edge.cli", "edge.demo", "edge.effects",
              "edge.kiosk",
              "edge.matting", "edge.models", "edge.native", "edge.segment", "edge.sinks", "quantize", "quantize.cli",
              "quantize.judge", "quantize.labels", "quantize.matte", "quantize.projection", "quantize.tflite", "tools",
              "tools.bench", "tools.bundle", "tools.flash", "tools.profile"],
    package_data={"board_configs": ["*.toml", "README.md"], "edge.demo": ["*.jpg", "*.png", "*.json", "*.md"],
                  "edge.models": ["*.tflite", "*.json", "LICENSE"], "edge.native": ["*.h", "*.pyi"],
                  "edge.kiosk": ["texts/*.toml", "default_event/*", "static/*", "static/*/*", "systemd/*"],
                  "tools.bundle": ["debian/*", "fleet/*"], "tools.flash": ["*.rules"]},
)
