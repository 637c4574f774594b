"""Small function bodies, at least one for every native, with the arguments that they are called with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import coincurve

from appliance.chain.address import Address, Contract
from appliance.chain.clarity import Int
from tests.contracts.settlement import account

OWNER: Final = account("owner of natives")
OTHER: Final = account("another")
ABROAD: Final = Address(22, bytes(range(20)))
KEY: Final = coincurve.PrivateKey(bytes(31) + b"\x07")
HASH: Final = bytes(range(32))
SIGNATURE: Final = KEY.sign_recoverable(HASH, hasher=None)
PUBLIC: Final = KEY.public_key.format()

DEFINITIONS: Final = """
(define-constant K u77)
(define-constant WORDS (list 0x01 0x0203 0x040506))
(define-constant NESTED {a: (list u1 u2), b: {c: 0x00ff, d: "text"}, e: (some true)})
(define-constant OTHERS tx-sender)
(define-constant EARLY LATE)
(define-constant LATE (* K u2))
(define-data-var counter uint u5)
(define-data-var record {head: (buff 32), seen: (list 8 (buff 4))} {head: 0x00, seen: (list 0x01)})
(define-fungible-token coin)
(define-fungible-token other)
(define-map balances principal uint)
(define-map notes {id: uint, kind: (string-ascii 8)} {text: (string-ascii 40), parts: (list 4 (buff 8))})
(define-private (double (n uint)) (* n u2))
(define-private (is-even (n uint)) (is-eq (mod n u2) u0))
(define-private (sum-of (a uint) (b uint)) (+ a b))
(define-private (gather (byte (buff 1)) (so-far (buff 40))) (unwrap-panic (as-max-len? (concat byte so-far) u40)))
(define-private (checked-add (n uint) (so-far (response uint uint)))
  (let ((sum (try! so-far))) (asserts! (< n u4) (err n)) (ok (+ sum n))))
(define-private (longest (words (list 9 (buff 33)))) (len (print words)))
(define-private (first-word (words (list 9 (buff 33)))) (element-at? words u0))
(define-private (wrap (inner {words: (list 4 (buff 33)), name: (string-ascii 20)})) (print (get words inner)))
(define-private (maybe (o (optional {a: (buff 33)})) (r (response (buff 9) uint))) (and (is-some o) (is-ok r)))
(define-private (put-note (id uint))
  (map-set notes {id: id, kind: "n"} {text: "hello", parts: (list 0x00 0x0102)}))
(define-private (is-word (word (buff 33))) (> (len word) u1))
(define-private (leave-if (flag bool)) (begin (asserts! (not flag) u1) u2))
(define-private (uri) (if true none (some u"text")))
(define-private (spend (n uint) (to principal)) (begin (unwrap! (ft-transfer? coin n tx-sender to) false) true))
(define-private (guarded (n uint) (to principal))
  (begin
    (unwrap! (as-contract? ((with-ft current-contract "coin" n)) (spend (+ n u1) to)) (err u1000))
    (ok true)))
(define-private (left-early (n uint) (to principal))
  (begin
    (unwrap! (as-contract? ((with-ft current-contract "*" u50)) (try! (ft-transfer? coin n tx-sender to)) n) (err u7))
    (ok u8)))
(define-public (move-and-refuse (n uint) (to principal))
  (begin (try! (ft-transfer? coin n current-contract to)) (if (> n u5) (err n) (ok n))))
(define-public (count-and-refuse (n uint))
  (begin (var-set counter n) (map-set balances tx-sender n) (if (> n u9) (err n) (ok n))))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A function's body with its parameters, and the arguments of one or more calls."""

    body: str
    params: str = ""
    calls: tuple[tuple[Any, ...], ...] = ((),)


def two(native: str, *calls: tuple[int, int]) -> Case:
    return Case(f"({native} a b)", "(a uint) (b uint)", calls or ((9, 3), (3, 9), (7, 7)))


def of(body: str, params: str, *calls: Any) -> Case:
    return Case(body, params, tuple(call if isinstance(call, tuple) else (call,) for call in calls))


SIGNED: Final = "(a int) (b int)"
LIST: Final = "(a (list 9 (buff 33)))"
CASES: Final = [
    *(two(native) for native in ("+", "*", "/", "mod", "bit-and", "bit-or", "bit-xor", "xor", "<", "<=", ">", ">=")),
    two("-", (9, 3)),
    two("pow", (2, 127), (0, 0), (1, 2**100), (0, 5)),
    two("bit-shift-left", (2**127 + 1, 1), (1, 129)),
    two("bit-shift-right", (2**127 + 1, 1), (8, 130)),
    of("(+ a a u1 K EARLY)", "(a uint)", 1),
    of("(* a a u1)", "(a uint)", 1),
    of("(- a)", "(a uint)", 0),
    of("(/ a u3 u2)", "(a uint)", 100),
    of("(bit-and a u7 u3)", "(a uint)", 5),
    of("(list (sqrti a) (log2 a) (bit-not a))", "(a uint)", 1, 99, 2**127),
    of("(list (+ a b -3) (- a b) (* a b) (/ a b 2) (mod a b) (- b))", SIGNED, (Int(7), Int(2)), (Int(-7), Int(2))),
    of("(list (bit-and a b) (bit-or a b) (bit-xor a b) (bit-not a))", SIGNED, (Int(-7), Int(12)), (Int(5), Int(6))),
    of("(list (< a b) (>= a b) (is-eq a b))", SIGNED, (Int(-7), Int(12)), (Int(5), Int(5))),
    of("{a: (to-int a), b: (to-uint (to-int a)), c: (to-consensus-buff? (to-int a)), d: (sha256 -5)}", "(a uint)", 9),
    of("(list (buff-to-int-be a) (buff-to-int-le a))", "(a (buff 16))", b"\1\2", b"", b"\xff" * 16),
    of("(< a b)", "(a (buff 9)) (b (buff 9))", (b"a", b"ab"), (b"", b"")),
    of("(>= a b)", "(a (string-ascii 9)) (b (string-ascii 9))", ("b", "ab"), ("", "")),
    of("(is-eq a b)", "(a (buff 9)) (b (buff 9))", (b"a", b"a"), (b"a", b"b")),
    of("(is-eq a a u5)", "(a uint)", 5, 6),
    of("(is-eq a WORDS)", LIST, [b"\1", b"\2\3", b"\4\5\6"], []),
    of("(is-eq (some {x: a}) (some {x: u5}) none)", "(a uint)", 5),
    of("(is-eq tx-sender contract-caller current-contract)", ""),
    of("(and a (not b) (or b a false))", "(a bool) (b bool)", (True, True), (True, False), (False, False)),
    of("(begin a (+ a u1) (print a))", "(a uint)", 3),
    of("(print {a: a, b: NESTED})", LIST, [b"\1"], []),
    of("(print none)", ""),
    of("(if a (some K) none)", "(a bool)", True, False),
    of("(if (is-eq a u1) a (if (> a u5) K (+ a u1)))", "(a uint)", 1, 2, 9),
    of("(let ((x (+ a u1)) (y (* x x))) (let ((z {x: x, y: y})) (print z) (get y z)))", "(a uint)", 4),
    of("(let () a)", "(a (buff 4))", b"abc"),
    of("(match a x (+ x u1) u0)", "(a (optional uint))", None),
    of("(match (map-get? balances tx-sender) x (some (+ x u1)) none)", ""),
    of("(match a x (len x) code code)", "(a (response (buff 9) uint))"),
    of("(default-to 0x00 (element-at? a u1))", LIST, [b"a", b"bc"], []),
    of("(list (is-some a) (is-none a))", "(a (optional uint))", (None,)),
    of("(let ((r (count-and-refuse a))) (list (is-ok r) (is-err r)))", "(a uint)", 3, 30),
    of("(unwrap-panic (some a))", "(a uint)", 3),
    of("(unwrap-err-panic (if (> a u0) (err a) (ok true)))", "(a uint)", 3),
    of("(unwrap! (if (> a u2) (some a) none) K)", "(a uint)", 2, 3),
    of("(unwrap-err! (if (> a u2) (err a) (ok true)) K)", "(a uint)", 2, 3),
    of("(ok (try! (if (> a u2) (ok a) (err K))))", "(a uint)", 2, 3),
    of("(some (try! (if (> a u2) (some a) none)))", "(a uint)", 2, 3),
    of("(begin (asserts! a (err K)) (ok (asserts! true (err u2))))", "(a bool)", True, False),
    # early returns between arguments that were and were not reached
    of("(ok (+ a (* a a) (try! (if (> a u2) (ok a) (err K))) (- a a) (mod a u3)))", "(a uint)", 2, 3),
    of("(ok {x: a, y: (unwrap! (element-at? WORDS a) (err a)), z: (+ a u1)})", "(a uint)", 2, 3),
    of("(ok (list (+ a u1) (begin (asserts! (< a u3) (err a)) a) (+ a u2)))", "(a uint)", 2, 3),
    of("(let ((x (+ a u1)) (y (try! (if (> a u2) (ok a) (err K)))) (z (+ x y))) (ok (* x y z)))", "(a uint)", 2, 3),
    of("(ok (and (> a u1) (asserts! (> a u2) (err a)) (> a u3)))", "(a uint)", 1, 2, 3, 4),
    of("(ok (if (asserts! (> a u2) (err a)) (+ a a) u1))", "(a uint)", 2, 3),
    of("(ok (< (+ a u1) (unwrap! (if (> a u2) (some a) none) (err u1))))", "(a uint)", 2, 3),
    of("(+ a (leave-if (> a u2)) a)", "(a uint)", 2, 3),
    of("(ok (sum-of (try! (if (> a u2) (ok a) (err K))) (+ a u1)))", "(a uint)", 2, 3),
    of("(fold checked-add (list u1 u2 a u3 u1) (ok u0))", "(a uint)", 1, 9),
    # tuples
    of("(merge NESTED {a: (list u9), z: a})", "(a uint)", 1),
    of("(get c (get b (merge NESTED {b: {c: a}})))", "(a (buff 4))", b"abcd"),
    of("(get text (map-get? notes {id: a, kind: \"n\"}))", "(a uint)", 1, 2),
    of("(get e {e: (double a), d: a, c: WORDS})", "(a uint)", 4),
    of("{b: a, a: {z: a, y: b}, c: true}", "(a uint) (b (buff 4))", (1, b"ab")),
    # sequences
    of("(len a)", LIST, [b"a"], []),
    of("(list (len WORDS) (len 0x0102) (len \"abc\"))", ""),
    of("(list (element-at? a b) (element-at 0x0102 b) none)", "(a (buff 4)) (b uint)", (b"abc", 1), (b"abc", 3)),
    of("(element-at? \"abc\" a)", "(a uint)", 0, 3),
    of("(list (index-of? a 0x02) (index-of 0x0102 0x02) (index-of? \"ab\" \"b\"))", LIST, [b"\1", b"\2"], []),
    of("(list (some (list 0x01)) none (some (list 0x0102 a)))", "(a (buff 9))", b"abcdefg"),
    of("(list)", ""),
    of("(append a b)", f"{LIST} (b (buff 40))", ([b"a"], b"longer than the others are"), ([], b"x")),
    of("(concat a b)", f"{LIST} (b (list 3 (buff 3)))", ([b"a"], [b"abc"]), ([], []), ([], [b"x"])),
    of("(concat a 0x00 a)", "(a (buff 9))", b"abc", b""),
    of("(concat \"x\" a)", "(a (string-ascii 9))", "yz"),
    of("(slice? a b c)", f"{LIST} (b uint) (c uint)", ([b"a", b"b"], 0, 2), ([b"a", b"b"], 1, 1), ([b"a"], 1, 1)),
    of("(slice? a b c)", "(a (buff 9)) (b uint) (c uint)", (b"abcd", 1, 3), (b"abcd", 3, 2), (b"ab", 0, 2**64)),
    of("(slice? \"abcd\" u1 a)", "(a uint)", 3, 9),
    of("(replace-at? a b 0x09)", "(a (buff 9)) (b uint)", (b"abc", 1), (b"abc", 9)),
    of("(replace-at? a b c)", f"{LIST} (b uint) (c (buff 2))", ([b"abc", b"d"], 1, b"xy"), ([b"abc"], 5, b"xy")),
    of("(let ((b (as-max-len? a u4))) (default-to (list) b))", LIST, [b"abc"] * 4, [b"abc"] * 5),
    of("(list (as-max-len? a u2) (as-max-len? 0x01 u2))", "(a (buff 9))", b"ab", b"abc"),
    of("(let ((c (concat WORDS WORDS)) (d (default-to WORDS (as-max-len? c u8)))) (list (len d) (len c)))", ""),
    of("(map double a)", "(a (list 9 uint))", [1, 2, 3], []),
    of("(map sum-of a (list u10 u20))", "(a (list 9 uint))", [1, 2, 3], [1]),
    of("(map + a a (list K K K K))", "(a (list 9 uint))", [1, 2, 3]),
    of("(map is-even (list u1 a))", "(a uint)", 4),
    of("(map <= a (list u1 u2 u3))", "(a (list 9 uint))", [3, 2, 1]),
    of("(map and (list true false) (list a a))", "(a bool)", True, False),
    of("(map put-note (list u1 u2))", ""),
    of("(map not (list a true))", "(a bool)", True, False),
    of("(map sha256 (list a 0x01))", "(a (buff 4))", b"abc"),
    of("(fold and (list true a) true)", "(a bool)", True, False),
    of("(fold sum-of a u0)", "(a (list 9 uint))", [1, 2, 3], []),
    of("(fold + a K)", "(a (list 9 uint))", [1, 2, 3]),
    of("(fold gather a 0x)", "(a (buff 9))", b"abc", b""),
    of("(filter is-even a)", "(a (list 9 uint))", [1, 2, 3, 4], []),
    of("(print (filter is-even a))", "(a (list 9 uint))", [1, 2, 3, 4], [1, 3]),
    # kinds of arguments, declared and actual
    of("(longest a)", LIST, [b"a", b"bc"], []),
    of("(longest (list a 0x010203))", "(a (buff 9))", b"z"),
    of("(longest WORDS)", ""),
    of("(first-word (filter is-word WORDS))", ""),
    of("(wrap {words: a, name: \"n\"})", "(a (list 4 (buff 5)))", [b"a"], []),
    of("(maybe (some {a: a}) (ok a))", "(a (buff 9))", b"abc"),
    of("(maybe none (err u1))", ""),
    # bytes, keys, principals
    of("(list (buff-to-uint-be a) (buff-to-uint-le a))", "(a (buff 16))", b"\1\2", b"", b"\xff" * 16),
    of("(to-consensus-buff? a)", "(a uint)", 5),
    of("(to-consensus-buff? {a: a, b: NESTED, c: (err a), d: tx-sender})", LIST, [b"ab"], []),
    of("(list (sha256 a) (sha512/256 a) (sha256 u1))", "(a (buff 99))", b"abc", bytes(99)),
    of("{a: (sha512 a), b: (hash160 a)}", "(a (buff 99))", b"abc"),
    of(
        "(secp256k1-recover? a b)",
        "(a (buff 32)) (b (buff 65))",
        (HASH, SIGNATURE),
        (HASH, bytes(65)),
        (HASH, SIGNATURE[:64]),
        (HASH, SIGNATURE[:64] + b"\4"),
    ),
    of(
        "(secp256k1-verify a b c)",
        "(a (buff 32)) (b (buff 65)) (c (buff 33))",
        (HASH, SIGNATURE, PUBLIC),
        (HASH, SIGNATURE[:64], PUBLIC),
        (HASH, SIGNATURE[:63], PUBLIC),
        (bytes(32), SIGNATURE, PUBLIC),
        (HASH, SIGNATURE, b"\5" + PUBLIC[1:]),
    ),
    of("(secp256k1-decompress? a)", "(a (buff 33))", PUBLIC, b"\2" + b"\xff" * 32, b"\6" + PUBLIC[1:]),
    of("(principal-destruct? a)", "(a principal)", OTHER, Contract(OTHER, "a-name"), ABROAD),
    of("(is-standard a)", "(a principal)", OTHER, Contract(OTHER, "a-name"), ABROAD),
    of("(list tx-sender contract-caller current-contract)", ""),
    of("(list chain-id stacks-block-height)", ""),
    # storage
    of("(var-get record)", ""),
    of("(let ((r (var-get record))) (list (get head r) 0x01))", ""),
    of("(var-set record {head: a, seen: (list a)})", "(a (buff 4))", b"abcd"),
    of("(get seen (var-get record))", ""),
    of("(var-set counter (+ (var-get counter) u1))", ""),
    of("(map-insert balances a b)", "(a principal) (b uint)", (OTHER, 1), (OTHER, 2), (Contract(OTHER, "c"), 3)),
    of("(map-get? balances a)", "(a principal)", OTHER, Contract(OTHER, "c"), ABROAD),
    of("(map-delete balances a)", "(a principal)", OTHER, OTHER),
    of("(map-set notes {id: a, kind: \"n\"} {text: \"\", parts: (list)})", "(a uint)", 7),
    of("(map-get? notes {kind: \"n\", id: a})", "(a uint)", 7, 8),
    of("(let ((n (map-get? notes {kind: \"n\", id: a}))) (get parts n))", "(a uint)", 7, 8),
    of("(count-and-refuse a)", "(a uint)", 4, 40),
    of("(var-get counter)", ""),
    of("(map-get? balances tx-sender)", ""),
    # tokens, and what may move of them: the later cases find what the earlier ones left
    of("(ft-mint? coin a b)", "(a uint) (b principal)", (100, OTHER), (0, OTHER), (7, Contract(OTHER, "c"))),
    of("(list (ft-mint? coin a current-contract) (ft-mint? other a current-contract))", "(a uint)", 500),
    of("(ft-mint? coin a b)", "(a uint) (b principal)", (2**127, ABROAD)),
    of("(ft-transfer? coin a b c)", "(a uint) (b principal) (c principal)", (9, OTHER, OWNER), (0, OTHER, OWNER)),
    of("(ft-transfer? coin a b c)", "(a uint) (b principal) (c principal)", (9, OTHER, OTHER), (999, OTHER, OWNER)),
    of("(ft-burn? coin a tx-sender)", "(a uint)", 5, 0, 5_000),
    of("(list (ft-get-balance coin a) (ft-get-balance other a))", "(a principal)", OTHER, OWNER, Contract(OTHER, "n")),
    of("(list (ft-get-supply coin) (ft-get-supply other))", ""),
    of("(as-contract? () (list tx-sender contract-caller) a)", "(a uint)", 5),
    of("(as-contract? () (is-ok (ft-transfer? coin a tx-sender b)))", "(a uint) (b principal)", (5, OWNER)),
    of(
        "(as-contract? ((with-ft current-contract \"coin\" b)) (is-ok (ft-transfer? coin a tx-sender c)))",
        "(a uint) (b uint) (c principal)",
        (5, 5, OWNER),
        (6, 5, OWNER),
        (9_999, 5, OWNER),
    ),
    of(
        "(as-contract? ((with-ft current-contract \"other\" a) (with-ft current-contract \"*\" (+ a u2)))"
        " (list (ft-transfer? coin a tx-sender b) (ft-transfer? coin a tx-sender b) (ft-burn? other a tx-sender)))",
        "(a uint) (b principal)",
        (1, OWNER),
        (2, OWNER),
        (3, OWNER),
    ),
    of(
        "(restrict-assets? a ((with-ft current-contract \"coin\" u3))"
        " (print b) (is-ok (ft-transfer? coin b OTHERS c)))",
        "(a principal) (b uint) (c principal)",
        (OTHER, 3, OWNER),
        (OTHER, 4, OWNER),
        (OWNER, 4, OWNER),
    ),
    of("(list (guarded a b))", "(a uint) (b principal)", (4, OWNER), (99_999, OWNER)),
    of("(left-early a b)", "(a uint) (b principal)", (4, OWNER), (60, OWNER)),
    of("(ok (left-early a b))", "(a uint) (b principal)", (4, OWNER)),
    of(
        "(as-contract? ((with-ft current-contract \"coin\" u5)) (list (move-and-refuse a b) (move-and-refuse u4 b)))",
        "(a uint) (b principal)",
        (2, OWNER),
        (9, OWNER),
    ),
    of("(list (ft-get-balance coin current-contract) (ft-get-balance coin tx-sender) (ft-get-supply coin))", ""),
    of("(uri)", ""),
    of("(get-burn-block-info? header-hash a)", "(a uint)", 0, 1, 99, 2**40),
    of("(get-burn-block-info? header-hash (- burn-block-height u1))", ""),
]  # fmt: skip
