// Reads formulas, one JSON string a line, and answers with a JSON object for each that KaTeX refuses: {"line", "error"}.
"use strict";

const katex = require("katex");
const fs = require("fs");

const lines = fs.readFileSync(0, "utf8").split("\n");
lines.forEach((text, number) => {
  if (!text.trim()) return;
  try {
    katex.renderToString(JSON.parse(text), {
      throwOnError: true,
      strict: "error",
      displayMode: true,
      output: "html",
    });
  } catch (error) {
    process.stdout.write(JSON.stringify({ line: number, error: String(error.message) }) + "\n");
  }
});
