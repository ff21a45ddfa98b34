"""Vectors of four float64 lanes for numba kernels: one channel or one frame in each lane.

Conventions
-----------
A kernel (:func:`kernel`) computes four independent results at once: ``load`` takes four neighbours
of an array, ``splat`` copies a number and ``spread`` an element into every lane, ``+ - * /`` and
``fma`` (``a * b + c``, in one rounding where the processor can) work lane by lane, ``store`` puts
them back. Arrays are flat
float64 (stores also float32), ``i`` counts elements. Lanes never mix: a result does not depend on
its neighbours, so neither on how channels and frames were dealt out to the lanes.

Left to itself, the compiler keeps the states of a recursive filter in memory and mistrusts arrays
that may overlap; with vectors as values they stay in registers. Nothing is reordered: no "fast
math", so the same kind of processor gives the same bytes.
"""

# mypy: disable-error-code="no-untyped-call, untyped-decorator, attr-defined"
# ruff: noqa: ARG001 - numba calls typing and lowering functions with all their arguments
from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

WIDTH = 4
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_BITS = ir.VectorType(ir.IntType(64), WIDTH)


class Lanes(types.Type):
    """The type of a vector inside a kernel."""

    def __init__(self) -> None:
        super().__init__(name="float64x4")


lanes = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _VECTOR)


def _arithmetic(symbol: Any, instruction: str) -> None:
    @infer_global(symbol)
    class _Template(ConcreteTemplate):
        cases = [signature(lanes, lanes, lanes)]  # noqa: RUF012

    @lower_builtin(symbol, lanes, lanes)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


def _operation(function: Callable[..., Any]) -> Any:
    """Make an operation of kernels from a function that returns its type and its lowering."""
    return intrinsic(function)


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@_operation
def load(typing: Any, array: Any, i: Any) -> Any:
    """Return elements ``i ... i + 3`` of a flat float64 array."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _element(context, builder, sig.args[0], *args)
        return builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=8)

    return signature(lanes, array, types.intp), lower


@_operation
def store(typing: Any, array: Any, i: Any, value: Any) -> Any:
    """Write a vector to elements ``i ... i + 3`` of a flat float64 or float32 array."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        single = sig.args[0].dtype == types.float32
        place = _element(context, builder, sig.args[0], *args[:2])
        target = ir.VectorType(ir.FloatType(), WIDTH) if single else _VECTOR
        value = builder.fptrunc(args[2], target) if single else args[2]
        builder.store(value, builder.bitcast(place, target.as_pointer()), align=4 if single else 8)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, lanes), lower


def _splat(builder: Any, number: Any, vector: Any) -> Any:
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, cgutils.int32_t(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


@_operation
def splat(typing: Any, number: Any) -> Any:
    """Return a vector with the same number in every lane."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _splat(builder, args[0], _VECTOR)

    return signature(lanes, types.float64), lower


@_operation
def spread(typing: Any, array: Any, i: Any) -> Any:
    """Return a vector with element ``i`` of a flat float64 array in every lane.

    As ``splat(array[i])``, but ``i`` cannot count from the end: no comparison at every access.
    """

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _splat(
            builder, builder.load(_element(context, builder, sig.args[0], *args)), _VECTOR
        )

    return signature(lanes, array, types.intp), lower


@_operation
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c`` lane by lane."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v4f64")
        return builder.call(function, args)

    return signature(lanes, lanes, lanes, lanes), lower


@_operation
def transpose(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Return four vectors: all first lanes, all second lanes, all third lanes, all last lanes."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def mix(x: Any, y: Any, *order: int) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(order))
            return builder.shuffle_vector(x, y, mask)

        even, odd = (0, 4, 2, 6), (1, 5, 3, 7)
        low, high = (0, 1, 4, 5), (2, 3, 6, 7)
        pairs = [(mix(*args[:2], *side), mix(*args[2:], *side)) for side in (even, odd)]
        rows = [mix(*pair, *half) for half in (low, high) for pair in pairs]
        return context.make_tuple(builder, sig.return_type, rows)

    return signature(types.UniTuple(lanes, WIDTH), lanes, lanes, lanes, lanes), lower


@_operation
def where_greater(typing: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return ``x`` in lanes where ``a > b``, ``y`` elsewhere."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[2], args[3])

    return signature(lanes, lanes, lanes, lanes, lanes), lower


@_operation
def exponent_and_mantissa(typing: Any, x: Any) -> Any:
    """Return ``e`` and ``m`` of normal ``x = 2 ** e * m``, ``m`` in [sqrt(1/2), sqrt(2))."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def constant(value: int) -> Any:
            return ir.Constant(_BITS, [value] * WIDTH)

        bits = builder.bitcast(args[0], _BITS)
        # Bits of sqrt(1/2): what lies above them, in units of 2 ** 52, is the exponent.
        power = builder.ashr(builder.sub(bits, constant(0x3FE6A09E667F3BCD)), constant(52))
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(power, constant(52))), _VECTOR)
        # An integer added to the bits of 1.5 * 2 ** 52 is added to the number.
        shifted = builder.bitcast(builder.add(power, constant(0x4338000000000000)), _VECTOR)
        exponent = builder.fsub(shifted, ir.Constant(_VECTOR, [1.5 * 2.0**52] * WIDTH))
        return context.make_tuple(builder, sig.return_type, [exponent, mantissa])

    return signature(types.UniTuple(lanes, 2), lanes), lower


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function on its first call, or load it as compiled by an earlier process.

    numba trusts a compiled file as long as the function's own source file is unchanged, though the
    kernels it calls are compiled into it. Here its stamp is the content of this folder.
    """
    try:
        compiled = numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder may be written to: every process compiles for itself
        return numba.njit(error_model="numpy")(function)
    if hasattr(compiled, "_cache"):  # not with NUMBA_DISABLE_JIT
        compiled._cache._cache_file._source_stamp = _stamp(Path(__file__).parent)
    return compiled


@cache
def _stamp(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
