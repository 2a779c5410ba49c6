// Reads the dynamic symbols of an ELF file (Linux x64 and arm64: 64-bit, little-endian), so that what the add-on needs
// can be compared with what the running Bun offers, without binutils.
import { closeSync, openSync, readSync } from "node:fs";

export interface DynamicSymbols {
  /** Symbols that other files can bind to. */
  readonly defined: ReadonlySet<string>;
  /** Symbols that must come from elsewhere. Weak ones are left out: they may stay unresolved. */
  readonly undefined: ReadonlySet<string>;
  /** Names of the shared libraries it asks for (DT_NEEDED). */
  readonly needed: readonly string[];
  /** Whether it binds to its own symbols before the executable's (`-Bsymbolic`). */
  readonly symbolic: boolean;
}

const sectionType = { dynamic: 6, dynamicSymbols: 11 } as const;
const dynamicTag = { needed: 1, symbolic: 16, flags: 30 } as const;
const flagSymbolic = 2;
const weakBinding = 2;

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the string table that its names are in. */
  readonly link: number;
}

/** Throws when the file is not a 64-bit little-endian ELF file. */
export function readDynamicSymbols(path: string): DynamicSymbols {
  const file = openSync(path, "r");
  try {
    const read = (offset: number, size: number): Buffer => {
      const bytes = Buffer.alloc(size);
      const count = readSync(file, bytes, 0, size, offset);
      if (count !== size)
        throw new Error(`${path} ends at ${offset + count}, expected ${size} bytes at ${offset}`);
      return bytes;
    };
    const header = read(0, 64);
    if (header.toString("latin1", 0, 4) !== "\x7fELF" || header[4] !== 2 || header[5] !== 1) {
      throw new Error(`${path} must be a 64-bit little-endian ELF file`);
    }
    const sections = readSections(header, read);
    const symbolsSection = sections.find(({ type }) => type === sectionType.dynamicSymbols);
    const dynamicSection = sections.find(({ type }) => type === sectionType.dynamic);
    if (symbolsSection === undefined || dynamicSection === undefined)
      throw new Error(`${path} has no dynamic symbols`);
    const nameAt = (section: Section): ((offset: number) => string) => {
      const strings = sections[section.link];
      if (strings === undefined) throw new Error(`${path} names a string table that it does not have`);
      const bytes = read(strings.offset, strings.size);
      return (offset) => bytes.toString("latin1", offset, bytes.indexOf(0, offset));
    };
    return {
      ...symbolTable(read(symbolsSection.offset, symbolsSection.size), nameAt(symbolsSection)),
      ...dynamicTable(read(dynamicSection.offset, dynamicSection.size), nameAt(dynamicSection)),
    };
  } finally {
    closeSync(file);
  }
}

function readSections(header: Buffer, read: (offset: number, size: number) => Buffer): readonly Section[] {
  const count = header.readUInt16LE(60);
  const entrySize = header.readUInt16LE(58);
  const table = read(Number(header.readBigUInt64LE(40)), count * entrySize);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entrySize;
    return {
      type: table.readUInt32LE(at + 4),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
    };
  });
}

function symbolTable(
  table: Buffer,
  nameAt: (offset: number) => string,
): Pick<DynamicSymbols, "defined" | "undefined"> {
  const defined = new Set<string>();
  const missing = new Set<string>();
  const entrySize = 24;
  // The first entry is empty by definition.
  for (let at = entrySize; at < table.length; at += entrySize) {
    const name = nameAt(table.readUInt32LE(at));
    const isDefined = table.readUInt16LE(at + 6) !== 0;
    const isWeak = table.readUInt8(at + 4) >> 4 === weakBinding;
    if (isDefined) defined.add(name);
    else if (!isWeak) missing.add(name);
  }
  return { defined, undefined: missing };
}

function dynamicTable(
  table: Buffer,
  nameAt: (offset: number) => string,
): Pick<DynamicSymbols, "needed" | "symbolic"> {
  const needed: string[] = [];
  let symbolic = false;
  for (let at = 0; at < table.length; at += 16) {
    const tag = Number(table.readBigUInt64LE(at));
    const value = Number(table.readBigUInt64LE(at + 8));
    if (tag === dynamicTag.needed) needed.push(nameAt(value));
    if (tag === dynamicTag.symbolic || (tag === dynamicTag.flags && (value & flagSymbolic) !== 0))
      symbolic = true;
  }
  return { needed, symbolic };
}

// What a Node add-on may ask of its host, as mangled names: v8::, node:: and the C interfaces.
const hostSymbol = /^(_ZNK?(2v8|4node)|_ZT[ISV]N(2v8|4node)|uv_|node_|napi_)/;

/** The symbols that the add-on asks of its host and the host does not offer. Calling one would end the process. */
export function missingFromHost(addon: DynamicSymbols, host: DynamicSymbols): readonly string[] {
  return [...addon.undefined].filter((name) => hostSymbol.test(name) && !host.defined.has(name)).sort();
}
