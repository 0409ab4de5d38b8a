"""The one door to the TFLite file format: bytes ↔ the schema's own objects (`ModelT`) of the LiteRT wheel."""
from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from edge.errors import ModelError

IDENTIFIER = b"TFL3"

BUFFER_ALIGNMENT = 16
"""Bytes; `force_align` of Buffer.data in tflite's schema.fbs, which the Python packer does not know."""


@cache
def schema() -> ModuleType:
    """The generated reader of ai-edge-litert: 0.1 s to import, no TensorFlow. Raises ModelError where it is absent."""
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise ModelError("reading TFLite files needs ai-edge-litert: `pip install ai-edge-litert`") from error
    return schema_py_generated


@cache
def names_of(enumeration: str) -> dict[int, str]:
    """Value → name of an enumeration of the schema, such as BuiltinOperator or TensorType."""
    return {value: name for name, value in vars(getattr(schema(), enumeration)).items() if isinstance(value, int)}


def unpacked(content: bytes, name: str) -> Any:
    """The file's `ModelT`: subgraphs, operatorCodes, buffers (uint8 views into content), signatureDefs, metadata.

    name: the file, for messages. Raises ModelError for anything that is no TFLite file, is cut short or whose offsets
    lead out of it.
    """
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{name}: not a TFLite file (it starts with {content[:8].hex(' ') or 'nothing'})")
    try:
        root = schema().Model.GetRootAs(content)
        _check_counts(root, len(content))
        model = schema().ModelT.InitFromObj(root)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except Exception as error:  # the generated reader trusts every offset: a wild one may raise anything
        raise ModelError(f"{name}: {len(content):,} bytes that do not hold together as a TFLite file "
                         f"({type(error).__name__}: {error}); it is cut short or damaged") from error
    if not model.subgraphs:
        raise ModelError(f"{name}: holds no subgraph, so there is nothing to run")
    if any(buffer.offset > 1 for buffer in model.buffers or ()):
        raise ModelError(f"{name}: keeps its weights behind the flatbuffer (as files over 2 GB do); not supported")
    return model


def packed(model: Any) -> bytes:
    """A `ModelT` as the bytes of a file: weights aligned, as the schema wants them; equal vectors and strings once."""
    import flatbuffers

    class Packer(flatbuffers.Builder):
        def __init__(self) -> None:
            super().__init__(1024)
            self.written: dict[Any, int] = {}

        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:
            return super().StartVector(elemSize, numElems, BUFFER_ALIGNMENT if elemSize == 1 else alignment)

        def CreateNumpyVector(self, x: Any) -> int:
            key = x.dtype.str, x.tobytes()
            if key not in self.written:
                self.written[key] = super().CreateNumpyVector(x)
            return self.written[key]

        def CreateString(self, s: Any, *options: Any) -> int:
            if s not in self.written:
                self.written[s] = super().CreateString(s, *options)
            return self.written[s]

    builder = Packer()
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _check_counts(root: Any, size_bytes: int) -> None:
    """Each entry of these lists needs four bytes of the file: a list that claims more would be read for ages."""
    most, count = size_bytes // 4, root.SubgraphsLength()
    if count <= most:
        graphs = [root.Subgraphs(i) for i in range(count)]
        count += root.BuffersLength() + root.OperatorCodesLength() + root.SignatureDefsLength() + root.MetadataLength()
        count += sum(graph.TensorsLength() + graph.OperatorsLength() for graph in graphs)
    if count > most:
        raise ModelError(f"lists {count:,} parts, but {size_bytes:,} bytes hold {most:,} at most; it is damaged")
