// Reads one zone a line, its lines joined by blanks; writes which check digits the npm package `mrz` finds right.
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const library = join(process.argv[2], 'node_modules', 'mrz', 'lib', 'index.js');
const { parse } = await import(pathToFileURL(library).href);

for await (const line of createInterface({ input: process.stdin })) {
  const [, ...lines] = line.split(' ');
  let said;
  try {
    const { format, details } = parse(lines);
    const digits = details.filter((detail) => detail.field?.endsWith('CheckDigit'));
    said = { format, digits: Object.fromEntries(digits.map((detail) => [detail.field, detail.valid])) };
  } catch (refusal) {
    said = { refused: refusal.name };
  }
  console.log(JSON.stringify(said));
}
