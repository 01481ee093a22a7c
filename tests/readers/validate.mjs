// validate.mjs SCHEMA DOCUMENT…: checks JSON documents against a JSON Schema with ajv; says what is wrong, exits 1.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const [schemaPath, ...documents] = process.argv.slice(2);
const schema = JSON.parse(readFileSync(schemaPath, "utf8"));
let validator = Ajv;
if (/2020-12/.test(schema.$schema ?? ""))
  validator = (await import("ajv/dist/2020.js")).default;
const ajv = new (validator.default ?? validator)({ allErrors: true, strict: false });
(addFormats.default ?? addFormats)(ajv);
const validate = ajv.compile(schema);

if (documents.length === 0) {
  console.error("validate.mjs: no document named");
  process.exit(2);
}
for (const path of documents) {
  // fatal: a document that is not UTF-8 is not JSON
  const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  if (validate(JSON.parse(text)))
    continue;
  for (const error of validate.errors.slice(0, 20))
    console.error(`${path}: ${error.instancePath || "/"} ${error.message}`);
  process.exitCode = 1;
}
