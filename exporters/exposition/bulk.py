"""Decimal numbers out of a page, all at once, without a Python object for any of them.

A number's text is loaded as three words of eight bytes that end where it ends; its digits are then added up by
multiplications on whole words, eight digits in three of them.

Law: what is marked as plain has the value that Go's and Python's conversions give, bit by bit. That is certain where
the digits make a whole number below 2**53 and the power of ten is at most 22: both are exact as floats, and one
multiplication or division rounds once. (Whole numbers without an exponent are exact to 18 digits: the conversion itself
rounds once.) Everything else is left to the caller: longer ones, infinities and NaNs, mistakes.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from promql.model.types import BoolArray, FloatArray, IntArray

Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
Words: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]
Triple: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.uint64]]
"""uint64[3, N]."""

WORD: Final = 8
LONGEST: Final = 3 * WORD
_DIGITS: Final = 18
_EXPONENT: Final = 4  # "e+06"
_TENS: Final = 22
_EXACT: Final = np.uint64(2**53)


def _each(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte]) * WORD, "little"))


_ZEROS: Final = _each(ord("0"))
_DOTS: Final = _each(ord("."))
_DOT_TO_ZERO: Final = np.uint64(ord(".") ^ ord("0"))
_EXPONENT_BITS: Final = np.uint64(8 * (WORD - _EXPONENT))
_EXPONENT_MASK: Final = np.uint64(0xDF)  # large or small
_EXPONENT_MARK: Final = np.uint64(ord("E"))
_HIGH: Final = _each(0x80)
_LOW: Final = _each(0x7F)
_ABOVE_NINE: Final = _each(0x80 - 10)
_PAIRS: Final = np.uint64(0x000000FF000000FF)
_HUNDREDS: Final = np.uint64(100 + (1_000_000 << 32))
_ONES: Final = np.uint64(1 + (10_000 << 32))
_POWERS: Final = np.array([10**n for n in range(_DIGITS + 1)], np.uint64)
_FLOAT_POWERS: Final = np.array([10.0**n for n in range(_TENS + 1)])
_KEEP: Final = np.array(  # by length: the bytes of the last word, of the one before it, of the third, that belong to it
    [
        [2**64 - 2 ** (64 - 8 * min(max(length - before, 0), WORD)) for length in range(LONGEST + 1)]
        for before in (0, WORD, 2 * WORD)
    ],
    np.uint64,
)


class Tails(Struct, frozen=True, eq=False):
    """The last bytes of some pieces of a text, in three rows: `words[0]` has the last eight of each piece.

    `first` has the first byte of each. What lies before a piece is blanked, so pieces of up to 24 bytes are the same
    where all their words are.
    """

    words: Triple
    first: Bytes
    lengths: IntArray

    def differ(self, other: Tails) -> BoolArray:
        """Which pieces are not the same; those that are too long to tell count as different."""
        mine, others = self.words, other.words
        found: BoolArray = mine[0] != others[0]
        for nth in (1, 2):
            found |= mine[nth] != others[nth]
        found |= self.lengths > LONGEST
        return found

    def of(self, some: IntArray) -> Tails:
        """These pieces alone."""
        return Tails(self.words[:, some], self.first[some], self.lengths[some])


def tails(text: Bytes, ends: IntArray, lengths: IntArray) -> Tails:
    """The pieces of the text with these lengths (one or more) that end before `ends`, all of which are at least 24."""
    kept = np.minimum(lengths, LONGEST)
    words = np.zeros((3, len(ends)), np.uint64)
    everywhere: Words = np.ndarray((len(text) - WORD + 1,), np.dtype("<u8"), text.data, 0, (1,))
    for nth in (0, 1):
        np.bitwise_and(everywhere[ends - WORD * (nth + 1)], _KEEP[nth][kept], out=words[nth])
    if len(long := np.flatnonzero(kept > 2 * WORD)):
        words[2, long] = everywhere[ends[long] - LONGEST] & _KEEP[2][kept[long]]
    return Tails(words, text[ends - lengths], lengths)


class Numbers(Struct, frozen=True, eq=False):
    """`values: float64[N]`, true where `plain: bool[N]`."""

    values: FloatArray
    plain: BoolArray


def numbers(pieces: Tails) -> Numbers:
    """The numbers that these pieces are."""
    minus = pieces.first == ord("-")
    exponents, scaled = _exponents(pieces.words[0], pieces.lengths - minus)
    words = _without_exponents(pieces.words, scaled) if np.count_nonzero(scaled) else pieces.words
    digits, decimals, plain = _digits(words, pieces.lengths - minus - _EXPONENT * scaled)
    exponents -= decimals
    plain &= (np.abs(exponents) <= _TENS) & ((digits <= _EXACT) | (exponents == 0))
    exponents[~plain] = 0
    values = digits.astype(np.float64)
    values *= _FLOAT_POWERS[np.maximum(exponents, 0)]
    values /= _FLOAT_POWERS[np.maximum(-exponents, 0)]
    return Numbers(np.negative(values, where=minus, out=values), plain)


def _exponents(last: Words, lengths: IntArray) -> tuple[IntArray, BoolArray]:
    """The powers of ten that end numbers (`e+06`), 0 where there is none, and which have one."""
    scaled = (last >> _EXPONENT_BITS) & _EXPONENT_MASK == _EXPONENT_MARK
    powers = np.zeros(len(last), np.int64)
    if len(some := np.flatnonzero(scaled)):
        bytes_ = last[some].astype("<u8").view(np.uint8).reshape(-1, WORD)
        sign, tens, ones = (bytes_[:, nth].astype(np.int64) for nth in range(WORD - _EXPONENT + 1, WORD))
        good = ((sign == ord("+")) | (sign == ord("-"))) & (lengths[some] > _EXPONENT)
        good &= (tens >= ord("0")) & (tens <= ord("9")) & (ones >= ord("0")) & (ones <= ord("9"))
        scaled[some] = good
        power = (tens * 10 + ones - ord("0") * 11) * (ord(",") - sign)  # "+" and "-" stand on both sides of ","
        powers[some] = np.where(good, power, 0)
    return powers, scaled


def _without_exponents(words: Triple, scaled: BoolArray) -> Triple:
    """The same pieces, those with exponents ended before them."""
    half = np.uint64(8 * _EXPONENT)
    moved = words << half
    moved[:2] |= words[1:] >> half
    return np.where(scaled, moved, words)


def _digits(words: Triple, lengths: IntArray) -> tuple[Words, IntArray, BoolArray]:
    """Of each piece all its digits as a whole number, how many of them are decimals, and whether it is nothing else."""
    total, decimals = np.zeros(len(lengths), np.uint64), np.zeros(len(lengths), np.int64)
    dots = np.zeros(len(lengths), np.uint8)
    kept = np.clip(lengths, 0, LONGEST)
    odd = kept > _DIGITS
    for nth in (2, 1, 0):
        if not words[nth].any():
            continue
        keep = _KEEP[nth][kept]
        word = (words[nth] & keep) | (_ZEROS & ~keep)
        found = _zero_bytes(word ^ _DOTS)
        if np.count_nonzero(found):
            dots += np.bitwise_count(found)
            behind = WORD * (nth + 1) - (np.frexp(found.astype(np.float64))[1] >> 3)
            decimals += np.where(found, behind, 0)
            word ^= (found >> np.uint64(7)) * _DOT_TO_ZERO
        word ^= _ZEROS
        odd |= ((word + _ABOVE_NINE) | word) & _HIGH != 0
        total = total * _POWERS[WORD] + _sum(word)
    if np.count_nonzero(dots):  # the point was counted as a digit 0: take it out
        below = _POWERS[np.minimum(decimals, _DIGITS - 1)]
        whole = np.where(dots, total // (below * np.uint64(10)), 0)
        total -= whole * below * np.uint64(9)
    return total, decimals, ~odd & (dots <= 1) & (lengths > dots)


def _zero_bytes(words: Words) -> Words:
    """The highest bit of each byte that is zero; exact."""
    return ~(((words & _LOW) + _LOW) | words | _LOW)


def _sum(digits: Words) -> Words:
    """Eight digits, the first of them in the lowest byte, as one number."""
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    low, high = pairs & _PAIRS, (pairs >> np.uint64(16)) & _PAIRS
    return (low * _HUNDREDS + high * _ONES) >> np.uint64(32)
