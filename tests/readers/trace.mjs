// trace.mjs [--overlapping] TRACE…: checks documents against what the Trace Event Format says of the events that we
// write, and that the calls of a thread nest, without which viewers drop them (not so for made-up segments, whose calls
// overlap: --overlapping). Says what is wrong, exits 1.
import { readFileSync } from "node:fs";

const metadata = ["process_name", "thread_name"];

function check(event, fail) {
  if (!["X", "C", "M"].includes(event.ph))
    fail(`phase ${event.ph}`);
  for (const field of ["pid", "tid"])
    if (!Number.isInteger(event[field]) || event[field] < 0)
      fail(`${field} is ${event[field]}`);
  if (typeof event.ts !== "number" || event.ts < 0)
    fail(`ts is ${event.ts}`);
  if (typeof event.name !== "string" || event.name === "")
    fail("has no name");
  if (typeof event.args !== "object" || event.args === null || Array.isArray(event.args))
    fail("args are no object");
  if (event.ph === "X" && (typeof event.dur !== "number" || event.dur < 0))
    fail(`dur is ${event.dur}`);
  if (event.ph === "X" && (typeof event.cat !== "string" || event.cat === ""))
    fail("has no category");
  if (event.ph === "C" && (Object.keys(event.args).length === 0 ||
      !Object.values(event.args).every((value) => typeof value === "number" && value >= 0)))
    fail("a counter's args are not numbers");
  if (event.ph === "M" && (!metadata.includes(event.name) || typeof event.args.name !== "string"))
    fail("is no metadata that viewers know");
}

// Times are rounded one by one from the clock's ticks: an inner end can be this much behind the outer one.
const roundingNs = 2;

function checkNesting(open, event, fail) {
  const ns = (us) => Math.round(us * 1000);
  const key = `${event.pid}/${event.tid}`;
  const stack = open.get(key) ?? open.set(key, []).get(key);
  const end = ns(event.ts) + ns(event.dur);
  while (stack.length > 0 && stack.at(-1) <= ns(event.ts) + roundingNs)
    stack.pop();
  if (stack.length > 0 && stack.at(-1) + roundingNs < end)
    fail("begins inside a call of its thread and ends behind it");
  stack.push(end);
}

const overlapping = process.argv[2] === "--overlapping";
for (const path of process.argv.slice(overlapping ? 3 : 2)) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  const trace = JSON.parse(text);
  const open = new Map();
  let before = 0;
  if (!Array.isArray(trace.traceEvents))
    throw new Error(`${path}: no traceEvents`);
  trace.traceEvents.forEach((event, index) => {
    const fail = (what) => {
      console.error(`${path}: event ${index}: ${what}: ${JSON.stringify(event).slice(0, 200)}`);
      process.exitCode = 1;
    };
    check(event, fail);
    if (event.ph !== "M" && event.ts < before)
      fail("is not in order");
    before = event.ph === "M" ? before : event.ts;
    if (event.ph === "X" && !overlapping)
      checkNesting(open, event, fail);
  });
}
