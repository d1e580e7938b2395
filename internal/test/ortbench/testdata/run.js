// Runs models in ONNX Runtime:
//
//   node run.js <node_modules> <jobs.json>
//
// A job is {model, inputs: [{file, dims}], runs, output}. Each input file holds
// float32 numbers for all runs, dims are those of one run; inputs are in the order
// of the model. Output i of all runs goes to the file output + i as float32. Prints
// one line of JSON per job: {"dims": [...]} of the outputs of one run, or
// {"error": "..."}.
const fs = require('fs'), path = require('path');
const [modules, jobs] = process.argv.slice(2);
const ort = require(path.join(path.resolve(modules), 'onnxruntime-node'));

const size = dims => dims.reduce((a, b) => a * b, 1);

async function run(job) {
  const session = await ort.InferenceSession.create(fs.readFileSync(job.model), {
    intraOpNumThreads: 2, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3,
  });
  const data = job.inputs.map(i => { const b = fs.readFileSync(i.file); return new Float32Array(b.buffer, b.byteOffset, b.length / 4); });
  const files = session.outputNames.map((_, i) => fs.openSync(job.output + i, 'w'));
  let dims;
  for (let r = 0; r < job.runs; r++) {
    const feeds = {};
    job.inputs.forEach((input, i) => {
      const n = size(input.dims);
      feeds[session.inputNames[i]] = new ort.Tensor('float32', data[i].slice(r * n, (r + 1) * n), input.dims);
    });
    const out = await session.run(feeds);
    dims = session.outputNames.map(name => Array.from(out[name].dims));
    session.outputNames.forEach((name, i) => fs.writeSync(files[i], Buffer.from(Float32Array.from(out[name].data, Number).buffer)));
  }
  files.forEach(f => fs.closeSync(f));
  await session.release();
  return { dims };
}

async function main() {
  for (const job of JSON.parse(fs.readFileSync(jobs))) {
    console.log(JSON.stringify(await run(job).catch(e => ({ error: String(e) }))));
  }
}
main().catch(e => { console.error(String(e)); process.exit(1); });
