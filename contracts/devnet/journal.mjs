// Append-only files of JSON lines. A line is on disk before `append` returns.
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A record in the middle of the file cannot be read: the data is corrupt and must not be served. */
export class JournalError extends Error {}

const NEWLINE = 0x0a;

/** Reads every whole record. A last line without its newline was never acknowledged, so it is cut off. */
function readWhole(path) {
  if (!existsSync(path)) return { records: [], length: 0 };
  const bytes = readFileSync(path);
  const length = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes.subarray(0, length).toString("utf8").split("\n").slice(0, -1);
  const records = lines.map((line, index) => {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw new JournalError(`${path}: line ${index + 1} is not a record: ${error.message}`);
    }
  });
  return { records, length };
}

/** A new file's name is only durable once its folder is synced too. */
function syncFolder(path) {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}

export class Journal {
  #file;

  /** Opens `path`, cuts a torn tail, and keeps what was read in `records`. */
  constructor(path) {
    mkdirSync(dirname(path), { recursive: true });
    const { records, length } = readWhole(path);
    this.records = records;
    this.#file = openSync(path, "a");
    ftruncateSync(this.#file, length);
    fsyncSync(this.#file);
    syncFolder(dirname(path));
  }

  append(record) {
    const line = Buffer.from(`${JSON.stringify(record)}\n`, "utf8");
    let written = 0;
    while (written < line.length) written += writeSync(this.#file, line, written);
    fsyncSync(this.#file);
  }

  close() {
    closeSync(this.#file);
  }
}
