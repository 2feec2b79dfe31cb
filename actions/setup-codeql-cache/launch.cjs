// Finds the runnerfs program, checks it, and starts `runnerfs action main|post NAME`, where all logic is. Needs nothing but
// Node 20 or later. The same file in each action's folder, so that a folder can be copied alone; the original is
// actions/launch.cjs.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');

const RELEASE = require('./release.json');

const DOWNLOAD_MILLIS = 120000;
const MOST_DOWNLOADED = 64 << 20;

class Trouble extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] || '').trim();
}

// Opened for reading. What is checked and what is executed is this descriptor, whatever happens to the path meanwhile.
function open(file) {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_CLOEXEC);
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw new Trouble(`${file} is no file`, 'name the program itself');
}

function sha256(fd) {
  const hash = crypto.createHash('sha256');
  const buffer = Buffer.alloc(1 << 20);
  for (let at = 0, got; (got = fs.readSync(fd, buffer, 0, buffer.length, at)) > 0; at += got) hash.update(buffer.subarray(0, got));
  return hash.digest('hex');
}

// The version that this action was published with, for this machine; null when it names none.
function release() {
  const asked = input('runnerfs-version').replace(/^v/, '');
  const version = asked || RELEASE.version;
  const asset = (RELEASE.assets[version] || {})[`${process.platform}-${process.arch}`];
  return asset ? { version, ...asset } : null;
}

// An unpacked release whose files are all those that stand in release.json → descriptor of the program.
function checked(directory, asset) {
  let program = -1;
  for (const [name, digest] of Object.entries(asset.files)) {
    const fd = open(path.join(directory, name));
    const found = sha256(fd);
    if (found !== digest) {
      fs.closeSync(fd);
      if (program >= 0) fs.closeSync(program);
      throw new Trouble(`${path.join(directory, name)} is not the file of runnerfs ${asset.version}: its SHA-256 is ${found}`,
        'remove it, so that it is fetched anew; if it comes back, whoever serves it gives you another file');
    }
    if (name === 'bin/runnerfs') program = fd;
    else fs.closeSync(fd);
  }
  return program;
}

async function download(url) {
  if (url.startsWith('file://')) return fs.readFileSync(new URL(url));
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_MILLIS), redirect: 'follow' });
  if (!response.ok) throw new Trouble(`${url}: HTTP ${response.status}`, 'check download-url');
  const bytes = Buffer.from(await response.arrayBuffer());
  if (bytes.length > MOST_DOWNLOADED) throw new Trouble(`${url} is larger than 64 MiB`, 'check download-url');
  return bytes;
}

// Node's fetch knows no proxy; curl does.
function downloadByCurl(url) {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', ['-fsSL', '--max-time', '120', '--max-filesize', String(MOST_DOWNLOADED), url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.on('error', () => resolve(download(url)));
    child.on('close', (code) => (code === 0 ? resolve(Buffer.concat(parts)) : reject(new Trouble(`${url} cannot be fetched`, 'check download-url and the proxy'))));
  });
}

function unpack(archive, directory) {
  return new Promise((resolve, reject) => {
    const child = spawn('tar', ['-xf', '-', '-C', directory, '--strip-components=1', '--no-same-owner'], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.on('error', () => {});
    child.on('error', () => reject(new Trouble('tar is missing', 'install tar, or give binary-path')));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Trouble('the release cannot be unpacked', 'give binary-path'))));
    child.stdin.end(zlib.gunzipSync(archive));
  });
}

async function fetched(asset, directory) {
  const url = input('download-url') || asset.url;
  const proxied = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'all_proxy'].some((name) => process.env[name]);
  const archive = await (proxied && !url.startsWith('file:') ? downloadByCurl(url) : download(url));
  const found = crypto.createHash('sha256').update(archive).digest('hex');
  if (found !== asset.sha256)
    throw new Trouble(`${url} is not the release of runnerfs ${asset.version}: its SHA-256 is ${found}, not ${asset.sha256}`,
      'check download-url; the digest stands in release.json of this action');
  fs.mkdirSync(path.dirname(directory), { recursive: true });
  const partial = fs.mkdtempSync(`${directory}.`);
  try {
    await unpack(archive, partial);
    fs.rmSync(directory, { recursive: true, force: true });
    fs.renameSync(partial, directory);
  } finally {
    fs.rmSync(partial, { recursive: true, force: true });
  }
}

function inPath() {
  for (const directory of (process.env.PATH || '').split(':')) {
    const file = path.join(directory, 'runnerfs');
    if (path.isAbsolute(directory) && fs.existsSync(file)) return file;
  }
  return '';
}

// → descriptor of the program: the input, the tool cache, the release, and PATH only where use-path says so.
async function find() {
  const named = input('binary-path');
  if (named) {
    try {
      return open(path.resolve(process.env.GITHUB_WORKSPACE || '.', named));
    } catch (error) {
      throw error instanceof Trouble ? error : new Trouble(`binary-path: ${named}: ${error.code}`, 'name the runnerfs program');
    }
  }
  const asset = release();
  if (asset) {
    const cache = process.env.RUNNER_TOOL_CACHE || path.join(process.env.RUNNER_TEMP || os.tmpdir(), 'tools');
    const directory = path.join(cache, 'runnerfs', asset.version, process.arch);
    let held = -1;
    try {
      held = checked(directory, asset);
    } catch (error) {
      if (error.code !== 'ENOENT') console.log(`runnerfs: ${error.message}; it is fetched anew`);
    }
    if (held >= 0) return held;
    await fetched(asset, directory);
    return checked(directory, asset);
  }
  if (input('use-path') === 'true' && inPath()) return open(inPath());
  if (!Object.keys(RELEASE.assets).length)
    throw new Trouble('this copy of the action names no release', 'give binary-path, or use a released version of the action');
  if (!Object.values(RELEASE.assets).some((version) => version[`${process.platform}-${process.arch}`]))
    throw new Trouble(`there is no runnerfs for ${process.platform}-${process.arch}`, 'build it, and give binary-path');
  throw new Trouble(`this action does not know runnerfs ${input('runnerfs-version')}`, `leave runnerfs-version out: it is ${RELEASE.version}`);
}

function append(variable, name, value) {
  const file = process.env[variable];
  if (!file) return;
  const delimiter = `runnerfs_${crypto.randomBytes(16).toString('hex')}`;
  fs.appendFileSync(file, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}

function annotate(level, name, error) {
  const text = `${error.message}${error.hint ? `\nhint: ${error.hint}` : ''}`;
  const escaped = text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  process.stdout.write(`::${level} title=${name}::${escaped}\n`);
}

// Runs the program of that descriptor, passes on what cancels a step → its exit code, or null when it did not end by itself.
function run(fd, phase, name) {
  return new Promise((resolve, reject) => {
    const child = spawn('/proc/self/fd/3', ['action', phase, name], { argv0: 'runnerfs', stdio: ['ignore', 'inherit', 'inherit', fd] });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('error', (error) => reject(new Trouble(`runnerfs cannot be started: ${error.code}`, 'is it built for this machine?')));
    child.on('close', (code) => resolve(code));
  });
}

// main: `otherwise` are the outputs when there is no program, or one that breaks off.
async function main(name, level, otherwise) {
  const fail = (error) => {
    for (const [output, value] of Object.entries(otherwise)) append('GITHUB_OUTPUT', output, value);
    annotate(level, name, error);
  };
  let code = null;
  try {
    const fd = await find();
    // Post may run under another PATH and with other inputs: it takes this very file.
    append('GITHUB_STATE', 'program', fs.readlinkSync(`/proc/self/fd/${fd}`));
    append('GITHUB_STATE', 'digest', sha256(fd));
    code = await run(fd, 'main', name);
    if (code === null || code > 1) fail(new Trouble(code === null ? 'runnerfs was ended by a signal' : `runnerfs ended with exit code ${code}`, 'is binary-path a runnerfs of this version?'));
  } catch (error) {
    fail(error instanceof Trouble ? error : new Trouble(`runnerfs cannot be had: ${error.message}`, 'check download-url, or give binary-path'));
  }
  process.exitCode = code === 1 ? 1 : 0;
}

async function post(name) {
  const program = process.env.STATE_program;
  if (!program) return; // main was skipped, or found no program: there is nothing to end
  try {
    const fd = open(program);
    if (sha256(fd) !== process.env.STATE_digest) throw new Trouble(`${program} is another file than main started`, 'leave it alone while a job runs');
    const code = await run(fd, 'post', name);
    if (code !== 0) annotate('warning', name, new Trouble(`the post step ended with ${code === null ? 'a signal' : `exit code ${code}`}`, 'runnerfs doctor'));
  } catch (error) {
    annotate('warning', name, error instanceof Trouble ? error : new Trouble(`${program}: ${error.message}`, 'leave it alone while a job runs'));
  }
}

module.exports = { main, post };
