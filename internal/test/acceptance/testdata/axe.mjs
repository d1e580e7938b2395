// Checks pages with axe-core in Chromium, driven by puppeteer-core. It reads {modules, browser, pages: [file]} from stdin and prints the
// answers, of each page light and dark, wide and narrow: [{page, scheme, width, passes, violations: [text]}].
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { modules, browser: executablePath, pages } = JSON.parse(readFileSync(0, 'utf8'));
const { default: puppeteer } = await import(pathToFileURL(join(modules, 'puppeteer-core/lib/esm/puppeteer/puppeteer-core.js')));
const axe = readFileSync(join(modules, 'axe-core/axe.min.js'), 'utf8');

const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'], timeout: 120000, protocolTimeout: 600000 });
const page = await browser.newPage();
const answers = [];
for (const file of pages) {
  for (const scheme of ['light', 'dark']) {
    for (const width of [1200, 400]) {
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(pathToFileURL(file).href, { timeout: 120000 });
      await page.evaluate(axe); // past the page's own policy, which lets nothing in
      const result = await page.evaluate(() => window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        resultTypes: ['violations'],
      }));
      answers.push({
        page: file, scheme, width, passes: result.passes.length,
        violations: result.violations.map((v) => `${v.id} (${v.impact}): ${v.help}; ${v.nodes.length} times, first at ${v.nodes[0].target.join(' ')}: ${v.nodes[0].failureSummary}`.replace(/\s+/g, ' ')),
      });
    }
  }
}
await browser.close();
console.log(JSON.stringify(answers));
