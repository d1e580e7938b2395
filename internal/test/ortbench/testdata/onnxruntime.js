// Times ONNX Runtime on one model:
//
//   node onnxruntime.js <node_modules> <threads> <seconds> <model.onnx[.gz]>
//
// prints the milliseconds of each run after three runs to warm up, one a line.
const fs = require('fs'), path = require('path'), zlib = require('zlib');
const [modules, threads, seconds, model] = process.argv.slice(2);
const ort = require(path.join(path.resolve(modules), 'onnxruntime-node'));

async function main() {
  let bytes = fs.readFileSync(model);
  if (model.endsWith('.gz')) bytes = zlib.gunzipSync(bytes);
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: Number(threads), interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3,
  });
  const data = new Float32Array(3 * 224 * 224);
  for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 4001) / 1000 - 2;
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, [1, 3, 224, 224]) };
  for (let i = 0; i < 3; i++) await session.run(feeds);
  const lines = [];
  for (const end = performance.now() + 1000 * Number(seconds); performance.now() < end || lines.length < 3;) {
    const t = performance.now();
    await session.run(feeds);
    lines.push((performance.now() - t).toFixed(3));
  }
  console.log(lines.join('\n'));
}
main().catch(e => { console.error(String(e)); process.exit(1); });
