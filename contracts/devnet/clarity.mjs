// Clarity values and types as the node prints them, and whether a value fits a declared type.
import { ClarityType, serializeCV } from "@stacks/transactions";

const INT_MIN = -(2n ** 127n);
const INT_MAX = 2n ** 127n - 1n;
const UINT_MAX = 2n ** 128n - 1n;

/** A value as 0x-prefixed consensus bytes. */
export const toHex = (value) => `0x${serializeCV(value)}`;

const escapeAscii = (text) => JSON.stringify(text);

function escapeUtf8(text) {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0);
    out += code < 0x80 ? escapeAscii(char).slice(1, -1) : `\\u{${code.toString(16)}}`;
  }
  return `u"${out}"`;
}

/** A value in the notation of the indexed API's `repr`. */
export function repr(value) {
  switch (value.type) {
    case ClarityType.Int:
      return String(value.value);
    case ClarityType.UInt:
      return `u${value.value}`;
    case ClarityType.Buffer:
      return `0x${value.value}`;
    case ClarityType.BoolTrue:
    case ClarityType.BoolFalse:
    case ClarityType.OptionalNone:
      return value.type;
    case ClarityType.PrincipalStandard:
    case ClarityType.PrincipalContract:
      return `'${value.value}`;
    case ClarityType.OptionalSome:
    case ClarityType.ResponseOk:
    case ClarityType.ResponseErr:
      return `(${value.type} ${repr(value.value)})`;
    case ClarityType.List:
      return value.value.length === 0 ? "(list)" : `(list ${value.value.map(repr).join(" ")})`;
    case ClarityType.Tuple: {
      const names = Object.keys(value.value).sort();
      return `(tuple ${names.map((name) => `(${name} ${repr(value.value[name])})`).join(" ")})`;
    }
    case ClarityType.StringASCII:
      return escapeAscii(value.value);
    case ClarityType.StringUTF8:
      return escapeUtf8(value.value);
    default:
      throw new TypeError(`unknown Clarity type ${value.type}`);
  }
}

const SIMPLE_NAMES = { uint128: "uint", int128: "int", none: "UnknownType", trait_reference: "trait_reference" };

/** A type of a contract's interface in Clarity's own notation. */
export function typeName(type) {
  if (typeof type === "string") return SIMPLE_NAMES[type] ?? type;
  const [[kind, inner]] = Object.entries(type);
  switch (kind) {
    case "buffer":
      return `(buff ${inner.length})`;
    case "string-ascii":
    case "string-utf8":
      return `(${kind} ${inner.length})`;
    case "optional":
      return `(optional ${typeName(inner)})`;
    case "response":
      return `(response ${typeName(inner.ok)} ${typeName(inner.error)})`;
    case "list":
      return `(list ${inner.length} ${typeName(inner.type)})`;
    case "tuple":
      return `(tuple ${inner.map((entry) => `(${entry.name} ${typeName(entry.type)})`).join(" ")})`;
    default:
      throw new TypeError(`unknown interface type ${kind}`);
  }
}

function fitsSimple(value, type) {
  switch (type) {
    case "uint128":
      return value.type === ClarityType.UInt && BigInt(value.value) <= UINT_MAX;
    case "int128":
      return value.type === ClarityType.Int && BigInt(value.value) >= INT_MIN && BigInt(value.value) <= INT_MAX;
    case "bool":
      return value.type === ClarityType.BoolTrue || value.type === ClarityType.BoolFalse;
    case "principal":
      return value.type === ClarityType.PrincipalStandard || value.type === ClarityType.PrincipalContract;
    case "trait_reference":
      return value.type === ClarityType.PrincipalContract;
    default:
      return false;
  }
}

function fitsTuple(value, entries) {
  if (value.type !== ClarityType.Tuple || Object.keys(value.value).length !== entries.length) return false;
  return entries.every(({ name, type }) => Object.hasOwn(value.value, name) && fits(value.value[name], type));
}

/** Whether a node's type check admits `value` for an argument of `type` (an interface type). */
export function fits(value, type) {
  if (typeof type === "string") return fitsSimple(value, type);
  const [[kind, inner]] = Object.entries(type);
  switch (kind) {
    case "buffer":
      return value.type === ClarityType.Buffer && value.value.length / 2 <= inner.length;
    case "string-ascii":
      return value.type === ClarityType.StringASCII && value.value.length <= inner.length;
    case "string-utf8":
      return value.type === ClarityType.StringUTF8 && [...value.value].length <= inner.length;
    case "optional":
      if (value.type === ClarityType.OptionalSome) return fits(value.value, inner);
      return value.type === ClarityType.OptionalNone;
    case "response":
      if (value.type === ClarityType.ResponseOk) return fits(value.value, inner.ok);
      return value.type === ClarityType.ResponseErr && fits(value.value, inner.error);
    case "list":
      return (
        value.type === ClarityType.List &&
        value.value.length <= inner.length &&
        value.value.every((item) => fits(item, inner.type))
      );
    case "tuple":
      return fitsTuple(value, inner);
    default:
      return false;
  }
}

/** Why `args` do not fit the function's interface, in the node's words, or null when they do. */
export function argumentMismatch(declared, args) {
  if (declared.length !== args.length) return `IncorrectArgumentCount(${declared.length}, ${args.length})`;
  const index = declared.findIndex((arg, i) => !fits(args[i], arg.type));
  return index < 0 ? null : `TypeValueError(${typeName(declared[index].type)}, ${repr(args[index])})`;
}
