// MicroPython's WebAssembly build with the modules of some folders: node run.mjs FOLDER... (of two modules with one name the
// later folder's is imported). A line of JSON in, [function of main.py, argument...]; a line of JSON out, {"answer": ...} or
// {"error": ...}. Reads and writes block: there is nothing else to do here. The other side: edge/bridge/interpreter.py.
import {readdirSync, readFileSync, readSync, writeSync} from "node:fs";
import {join} from "node:path";
import {loadMicroPython} from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const HEAP_BYTES = 192 * 1024;  // what a Pico leaves to a program

const mp = await loadMicroPython({heapsize: HEAP_BYTES, stdout: (line) => console.error(line)});
process.argv.slice(2).forEach((folder, i) => {
  mp.FS.mkdir(`/${i}`);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".py"))) {
    mp.FS.writeFile(`/${i}/${name}`, readFileSync(join(folder, name)));
  }
  mp.runPython(`import sys; sys.path.insert(0, "/${i}")`);
});
try {
  mp.runPython("from main import *");
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

function answered(line) {
  const [name, ...given] = JSON.parse(line);
  try {
    return {answer: mp.globals.get(name)(...given)};
  } catch (error) {
    if (error.name !== "PythonError") throw error;
    return {error: error.message};
  }
}

function* lines() {
  const room = Buffer.alloc(65536);
  for (let text = "", count; (count = readSync(0, room)) > 0;) {
    text += room.toString("ascii", 0, count);
    const whole = text.split("\n");
    text = whole.pop();
    yield* whole;
  }
}

for (const line of lines()) writeSync(1, JSON.stringify(answered(line)) + "\n");
