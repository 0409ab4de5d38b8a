"""Packaging. Import names are the folder names; the distribution is `masque`."""
from setuptools import Extension, setup

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
    "kiosk": [VIDEO],
    "quantize": [
        LITERT,
        "tensorflow-cpu==2.19.1; platform_machine=='x86_64' and python_version<'3.13'",
        "tensorflow==2.19.1; platform_machine=='aarch64' and python_version<'3.13'",
        "tf-keras==2.19.0; python_version<'3.13'",
        "tensorflow-model-optimization==0.8.1; python_version<'3.13'",
        "matplotlib>=3.9,<4",
    ],
    "bench": ["psutil>=6,<8"],
    "dev": [
        "pytest>=8,<10", "pytest-xdist>=3.6,<4", "hypothesis>=6.100,<7", "ruff>=0.8,<1", "mypy>=1.13,<3",
        "build>=1.2,<2", "setuptools>=77", "wheel",
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


LOOPS = compiled("loops", "door shrink guided settle enlarge blend")
MATTING = compiled("matting", "matting_door laplacian neighbours samples solve foreground", ("-ffp-contract=fast",))

setup(
    install_requires=RUNTIME,
    extras_require=EXTRAS,
    ext_modules=[LOOPS, MATTING],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    packages=["board_configs", "edge", "edge.bridge", "edge.camera", "edge.cli", "edge.demo", "edge.effects",
              "edge.matting", "edge.models", "edge.native", "edge.segment", "edge.sinks", "quantize", "quantize.cli",
              "quantize.judge", "quantize.labels", "quantize.matte", "quantize.tflite", "tools", "tools.bench",
              "tools.profile"],
    package_data={"board_configs": ["*.toml", "README.md"], "edge.demo": ["*.jpg", "*.png", "*.json", "*.md"],
                  "edge.models": ["*.tflite", "*.json", "LICENSE"], "edge.native": ["*.h", "*.pyi"]},
)
